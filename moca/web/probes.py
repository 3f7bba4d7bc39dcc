import structlog
from flask import Blueprint, Response, jsonify

from moca.storage.reads.queue import count_queue
from moca.web.config import Ports
from moca.web.health import OK, Health
from moca.web.metrics import Metrics

_LOG = structlog.get_logger(__name__)


def probe_routes(ports: Ports, metrics: Metrics) -> Blueprint:
    """Build what machines ask; open to all, so nothing here names a person or a secret."""
    routes = Blueprint("probes", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(status=OK)

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        health = _health(ports)
        told = {
            "status": OK if health.ready else "not ready",
            "database": health.database,
            "sender": health.sender,
            "supervisor": health.supervisor,
            "accounts": dict(health.accounts),
        }
        return jsonify(told), 200 if health.ready else 503

    @routes.get("/metrics")
    def exposition() -> Response:
        with ports.database.connection_context():
            metrics.queue_counted(count_queue())
        return Response(metrics.exposition(), content_type="text/plain; version=0.0.4")

    return routes


def _health(ports: Ports) -> Health:
    try:
        return ports.health()
    except Exception as error:  # noqa: BLE001 - a probe must answer, whatever is broken
        _LOG.warning("readiness.no_answer", error=type(error).__name__)
        return Health(supervisor="it does not answer")
