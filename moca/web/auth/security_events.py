from datetime import timedelta
from enum import StrEnum

import structlog
from flask import request

from moca import clock
from moca.core.messages.operators import RecordAudit
from moca.core.types import fold_name
from moca.logs import name_hash
from moca.storage.queries.operators import OperatorRecord
from moca.web.auth.passwords import LoginThrottle
from moca.web.config import WebPorts
from moca.web.metrics.prometheus import Metrics

_LOG = structlog.get_logger(__name__)
_SPAN = timedelta(minutes=1)


class SecurityEvent(StrEnum):
    """A security event: a login, a rejected password or token, or an export."""

    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    LOGIN_LOCKED = "login_locked"
    LINK_OPENED = "link_opened"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - the name of an event
    TOKEN_LOCKED = "token_locked"  # noqa: S105
    EXPORTED = "exported"


_AUDITED = {
    SecurityEvent.LOGIN_REFUSED: "login failed",
    SecurityEvent.LOGIN_LOCKED: "logins blocked: too many attempts",
    SecurityEvent.TOKEN_REFUSED: "incorrect token",
    SecurityEvent.TOKEN_LOCKED: "tokens blocked: too many attempts",
}
_FLOODS = frozenset({SecurityEvent.LOGIN_LOCKED, SecurityEvent.TOKEN_LOCKED})


class SecurityEvents:
    """Counts and logs security events, and audits those without a command. Thread-safe.

    A flood writes one audit entry a minute for each operator, and one for all unknown names.
    """

    def __init__(self, ports: WebPorts, metrics: Metrics) -> None:
        self._tell = ports.tell
        self._metrics = metrics
        self._audited = LoginThrottle(1, _SPAN)

    def note(
        self, event: SecurityEvent, name: str = "", operator: OperatorRecord | None = None
    ) -> None:
        """Record a security event of the current request.

        Args:
            event: What happened.
            name: As typed; logged as a keyed hash, because users type passwords there by mistake.
            operator: The operator of that name.
        """
        self._metrics.security_event(event)
        now, address = clock.now(), request.remote_addr or "an unknown address"
        subject = f"operator {operator.id}" if operator else "nobody"
        is_first = self._audited.begin(f"{event} {subject}", now) <= now
        if is_first or event not in _FLOODS:
            level = _LOG.warning if event in _AUDITED else _LOG.info
            level(f"security.{event}", address=address, **_hashed(name))
        if is_first and event in _AUDITED:
            whom = f"user {operator.id} ({operator.name}), " if operator else ""
            unknown = "an unknown name, " if name and not operator else ""
            about = f"{whom}{unknown}from {address}"
            self._record(RecordAudit("system", _AUDITED[event], about, now))

    def _record(self, entry: RecordAudit) -> None:
        try:
            self._tell(entry)
        except Exception as error:  # noqa: BLE001 - a login must not fail because it is not audited
            _LOG.warning("security.not_audited", error=type(error).__name__)


def _hashed(name: str) -> dict[str, str]:
    return {"name": name_hash(fold_name(name))} if name else {}
