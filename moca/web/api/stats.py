from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.storage.queries.cluster import read_cluster
from moca.storage.queries.delivery_health import DeliveryRecord, list_deliveries
from moca.storage.queries.stats import Latencies, StatsRecord, read_stats
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.config import WebPorts
from moca.web.schemas.requests import AccountQuery
from moca.web.schemas.responses import ResponseModel
from moca.web.schemas.stats import DayDeliveredShape, DeliveryShape, LatenciesShape, StatsShape

_LATEST = 500
_DAYS = timedelta(days=13)
"""Before today."""


def stats_routes(ports: WebPorts, access: Guards) -> APIBlueprint:
    """Return the routes of a dashboard's figures."""
    routes = api_routes("stats", access)

    @routes.get("/stats", summary="Retrieve counts and latencies", responses={200: StatsShape})
    def stats(query: AccountQuery) -> Response:
        scope = current_scope().of_account(query.account_id)
        with ports.database.connection_context():
            deliveries = list_deliveries(_midnight(clock.now()) - _DAYS, scope)
            stats = read_stats(latest=_LATEST, scope=scope)
            return answer(_shape(stats, deliveries))

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


class NodeShape(ResponseModel):
    """A process of the cluster."""

    name: str
    address: str
    seen_at: datetime
    is_alive: bool
    partitions: int
    is_sender: bool


class SeatShape(ResponseModel):
    """The holder of a partition (`p0`, `p1` …) or of sending (`sender`)."""

    name: str
    node: str | None
    epoch: int
    since: datetime


class ClusterShape(ResponseModel):
    """The cluster's nodes and seats; both empty on a single machine."""

    nodes: tuple[NodeShape, ...]
    seats: tuple[SeatShape, ...]


def cluster_routes(ports: WebPorts, access: Guards) -> APIBlueprint:
    """Return the routes for the cluster."""
    routes = api_routes("cluster", access)
    routes.before_request(access.require_all_accounts)

    @routes.get(
        "/cluster",
        summary="List cluster nodes and the partitions they own",
        responses={200: ClusterShape},
    )
    def cluster() -> Response:
        with ports.database.connection_context():
            return answer(ClusterShape.model_validate(read_cluster(clock.now())))

    return routes
