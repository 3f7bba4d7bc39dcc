from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.storage.reads.cluster import read_cluster
from moca.web.access import Access
from moca.web.api.routes import answer, api_routes
from moca.web.config import Ports
from moca.web.shapes import Shape


class NodeShape(Shape):
    """A process that takes part."""

    name: str
    address: str
    seen_at: datetime
    is_alive: bool
    partitions: int
    is_sender: bool


class SeatShape(Shape):
    """Who acts for a partition (`p0`, `p1` …), or sends (`sender`)."""

    name: str
    node: str | None
    epoch: int
    since: datetime


class ClusterShape(Shape):
    """Who there is, and who owns what; both empty on one machine."""

    nodes: tuple[NodeShape, ...]
    seats: tuple[SeatShape, ...]


def cluster_routes(ports: Ports, access: Access) -> APIBlueprint:
    """Build what tells of the other machines."""
    routes = api_routes("cluster", access)

    @routes.get("/cluster", summary="Nodes, and who owns what", responses={200: ClusterShape})
    def cluster() -> Response:
        with ports.database.connection_context():
            return answer(ClusterShape.model_validate(read_cluster(clock.now())))

    return routes
