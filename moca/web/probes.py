from collections.abc import Mapping
from dataclasses import replace

import peewee
import structlog
from flask import Blueprint, Response, jsonify

from moca import clock
from moca.storage.reads.accounts import AccountRecord, last_heard_by_account, list_accounts
from moca.storage.reads.deliveries import list_quiet
from moca.storage.reads.freezing import frozen_since
from moca.storage.reads.queue import count_queue
from moca.storage.reads.signings import last_webhook_at
from moca.web.config import Ports
from moca.web.health import OK, Health
from moca.web.metrics import Metrics
from moca.web.standing import Look
from moca.web.warnings import account_states, warnings_of

_LOG = structlog.get_logger(__name__)


def probe_routes(ports: Ports, metrics: Metrics) -> Blueprint:
    """Build what machines ask; open to all, so nothing here names a person or a secret."""
    routes = Blueprint("probes", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(status=OK)

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        now, (known, quiet) = clock.now(), _accounts(ports)
        health = _with_tokens(health_of(ports), account_states(known, now))
        told = {
            "status": OK if health.ready else "not ready",
            "database": health.database,
            "sender": health.sender,
            "supervisor": health.supervisor,
            "accounts": dict(health.accounts),
            "warnings": warnings_of(known, quiet, now),
        }
        return jsonify(told), 200 if health.ready else 503

    @routes.get("/metrics")
    def exposition() -> Response:
        with ports.database.connection_context():
            metrics.queue_counted(count_queue())
            metrics.quiet_counted(len(list_quiet()))
            metrics.looked_at(_look(ports))
        return Response(metrics.exposition(), content_type="text/plain; version=0.0.4")

    return routes


def _look(ports: Ports) -> Look:
    accounts, now = list_accounts(), clock.now()
    states = account_states(accounts, now)
    return Look(
        at=now,
        is_frozen=frozen_since() is not None,
        vitals=ports.vitals(),
        parts=parts_of(health_of(ports)),
        accounts={name: state == OK for name, state in states.items()},
        token_ends={each.account_id: each.token_expires_at for each in accounts},
        heard_at=last_heard_by_account(),
        last_webhook_at=last_webhook_at(),
    )


def parts_of(health: Health) -> dict[str, str]:
    """Tell by name how each part is that everything depends on."""
    names = ("database", "sender", "supervisor")
    return {name: getattr(health, name) for name in names}


def _accounts(ports: Ports) -> tuple[tuple[AccountRecord, ...], Mapping[str, str]]:
    try:
        with ports.database.connection_context():
            return list_accounts(), list_quiet()
    except peewee.PeeweeException as error:
        _LOG.warning("readiness.no_accounts", error=type(error).__name__)
        return (), {}


def _with_tokens(health: Health, states: Mapping[str, str]) -> Health:
    # A dead token says what to do about it; the sender knows only what its last call was told.
    dead = {account_id: state for account_id, state in states.items() if state != OK}
    return replace(health, accounts={**states, **health.accounts, **dead})


def health_of(ports: Ports) -> Health:
    """Ask the parts how they are; that they do not answer is an answer too."""
    try:
        return ports.health()
    except Exception as error:  # noqa: BLE001 - a probe must answer, whatever is broken
        _LOG.warning("readiness.no_answer", error=type(error).__name__)
        return Health(supervisor="it does not answer")
