from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import peewee
import structlog
from flask import Blueprint, jsonify, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.accounts import TokenState
from moca.storage.queries.accounts import last_heard_by_account, last_webhook_at, list_accounts
from moca.storage.queries.delivery_health import list_quiet
from moca.storage.queries.queue import count_queue, frozen_since
from moca.web.auth.guards import Guards
from moca.web.config import OK, Health, WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics, MetricsSnapshot
from moca.web.presenters.warnings import account_states, warnings_for_strangers, warnings_of

_LOG = structlog.get_logger(__name__)
_FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


def probe_routes(ports: WebPorts, config: WebConfig, access: Guards, metrics: Metrics) -> Blueprint:
    """Return the probes for machines; the public ones name no account, contact or secret."""
    routes = Blueprint("probes", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(status=OK)

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        state = _state_of(ports, config)
        warnings = warnings_for_strangers(
            state.tokens, state.health.accounts, state.quiet, state.at
        )
        return jsonify(**_summary(state.health), warnings=warnings), _status(state.health)

    @routes.get("/statusz")
    def statusz() -> Response:
        refusal = access.guard_api() or access.require_all_accounts()
        if refusal is not None:
            return refusal
        state = _state_of(ports, config)
        return jsonify(
            **_summary(state.health),
            accounts=dict(state.health.accounts),
            warnings=warnings_of(state.tokens, state.quiet, state.at),
        )

    @routes.get("/metrics")
    def exposition() -> Response:
        refusal = None if _is_local() else access.guard_api() or access.require_all_accounts()
        if refusal is not None:
            return refusal
        with ports.database.connection_context():
            metrics.queue_counted(count_queue())
            metrics.quiet_counted(len(list_quiet()))
            metrics.looked_at(_look(ports, config))
        return Response(metrics.exposition(), content_type="text/plain; version=0.0.4")

    return routes


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    at: datetime
    health: Health
    tokens: tuple[TokenState, ...]
    quiet: Mapping[str, str]


def _state_of(ports: WebPorts, config: WebConfig) -> _State:
    now, (tokens, quiet) = clock.now(), _accounts(ports, config)
    health = _with_tokens(health_of(ports), account_states(tokens, now))
    return _State(at=now, health=health, tokens=tokens, quiet=quiet)


def _summary(health: Health) -> dict[str, str]:
    return {"status": OK if health.ready else "not ready", **parts_of(health)}


def _status(health: Health) -> int:
    return 200 if health.ready else 503


def _is_local() -> bool:
    # A proxy on this machine speaks for others, and says so in its headers.
    is_forwarded = any(name in request.headers for name in _FORWARDING)
    return not is_forwarded and request.remote_addr in {"127.0.0.1", "::1"}


def _look(ports: WebPorts, config: WebConfig) -> MetricsSnapshot:
    tokens, now = _tokens(config), clock.now()
    health = _with_tokens(health_of(ports), account_states(tokens, now))
    return MetricsSnapshot(
        is_frozen=frozen_since() is not None,
        process_status=ports.process_status(),
        parts=parts_of(health),
        accounts={name: state == OK for name, state in health.accounts.items()},
        token_ends={each.account_id: each.expires_at for each in tokens},
        heard_at=last_heard_by_account(),
        last_webhook_at=last_webhook_at(),
    )


def parts_of(health: Health) -> dict[str, str]:
    """Return the state of each vital part, by name."""
    names = ("database", "sender", "supervisor")
    return {name: getattr(health, name) for name in names}


def _accounts(
    ports: WebPorts, config: WebConfig
) -> tuple[tuple[TokenState, ...], Mapping[str, str]]:
    try:
        with ports.database.connection_context():
            return _tokens(config), list_quiet()
    except peewee.PeeweeException as error:
        _LOG.warning("readiness.no_accounts", error=type(error).__name__)
        return (), {}


def _tokens(config: WebConfig) -> tuple[TokenState, ...]:
    tokens = {each.account_id: each.token for each in list_accounts()}
    own = config.own_token
    return tuple((tokens if own is None else {own.account_id: own, **tokens}).values())


def _with_tokens(health: Health, states: Mapping[str, str]) -> Health:
    # A dead token includes its fix; the sender only knows the result of its last call.
    dead = {account_id: state for account_id, state in states.items() if state != OK}
    return replace(health, accounts={**states, **health.accounts, **dead})


def health_of(ports: WebPorts) -> Health:
    """Return the parts' state; a missing answer is reported as a state too."""
    try:
        return ports.health()
    except Exception as error:  # noqa: BLE001 - a probe must answer, whatever is broken
        _LOG.warning("readiness.no_answer", error=type(error).__name__)
        return Health(supervisor="not responding")
