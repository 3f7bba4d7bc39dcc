from datetime import timedelta

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.storage.reads.stats import Latencies, StatsRecord, read_stats
from moca.web.access import Access
from moca.web.api.routes import answer, api_routes
from moca.web.config import Ports
from moca.web.shapes import LatenciesShape, StatsShape

_LATEST = 500


def stats_routes(ports: Ports, access: Access) -> APIBlueprint:
    """Build the figures for a dashboard."""
    routes = api_routes("stats", access)

    @routes.get("/stats", summary="Counts and latencies", responses={200: StatsShape})
    def stats() -> Response:
        with ports.database.connection_context():
            return answer(_shape(read_stats(latest=_LATEST)))

    return routes


def _shape(stats: StatsRecord) -> StatsShape:
    return StatsShape(
        queue=dict(stats.queue),
        conversations=dict(stats.conversations),
        latest=stats.latest,
        outcomes=dict(stats.outcomes),
        open=stats.open,
        replies=_latencies(stats.replies),
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
