from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.storage.queries.cluster import read_cluster
from moca.storage.queries.delivery_health import DeliveryRecord, list_deliveries
from moca.storage.queries.stats import Latencies, StatsRecord, read_stats
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Access
from moca.web.config import Ports
from moca.web.schemas.responses import (
    DayDeliveredShape,
    DeliveryShape,
    LatenciesShape,
    Shape,
    StatsShape,
)

_LATEST = 500
_DAYS = timedelta(days=13)
"""Besides today."""


def stats_routes(ports: Ports, access: Access) -> APIBlueprint:
    """Build the figures for a dashboard."""
    routes = api_routes("stats", access)

    @routes.get("/stats", summary="Counts and latencies", responses={200: StatsShape})
    def stats() -> Response:
        with ports.database.connection_context():
            deliveries = list_deliveries(_midnight(clock.now()) - _DAYS)
            return answer(_shape(read_stats(latest=_LATEST), deliveries))

    return routes


def _shape(stats: StatsRecord, deliveries: Iterable[DeliveryRecord]) -> StatsShape:
    return StatsShape(
        queue=dict(stats.queue),
        conversations=dict(stats.conversations),
        latest=stats.latest,
        outcomes=dict(stats.outcomes),
        open=stats.open,
        replies=_latencies(stats.replies),
        delivery=[_delivery(each) for each in deliveries],
    )


def _delivery(delivery: DeliveryRecord) -> DeliveryShape:
    return DeliveryShape(
        account_id=delivery.account_id,
        share=delivery.share,
        compared_until=delivery.compared_until,
        last_arrival_at=delivery.last_arrival_at,
        quiet_since_at=delivery.quiet_since_at,
        quiet_because=delivery.quiet_because,
        days=[
            DayDeliveredShape(
                day=each.day.isoformat(), delivered=each.delivered, missed=each.missed
            )
            for each in delivery.days
        ],
    )


def _latencies(latencies: Latencies) -> LatenciesShape:
    return LatenciesShape(
        count=latencies.count,
        p50_seconds=_seconds(latencies.p50),
        p99_seconds=_seconds(latencies.p99),
        longest_seconds=_seconds(latencies.longest),
    )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


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
