import hashlib
import secrets
from datetime import timedelta

import structlog

from moca import clock
from moca.core.messages.api_keys import MarkApiKeyUsed
from moca.storage.queries.team.api_keys import ApiKeyRecord, find_api_key
from moca.web.auth.current_user import CurrentUser
from moca.web.config import WebPorts

KEY_PREFIX = "moca_"
"""Begins every key, so that scanners for leaked secrets can find it."""
_USED_AGAIN_AFTER = timedelta(minutes=10)

_LOG = structlog.get_logger(__name__)


def new_api_key() -> tuple[str, str]:
    """Return a new key, and the hash by which it is stored."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    return key, hash_api_key(key)


def hash_api_key(key: str) -> str:
    """Return the hash by which a key is stored."""
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


class ApiKeys:
    """Finds the user of an API key. Thread-safe."""

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports

    def user_of(self, shown: str) -> CurrentUser | None:
        """Return the user of a key; None if it is none, or is revoked or expired."""
        if not shown.startswith(KEY_PREFIX):
            return None
        with self._ports.database.connection_context():
            found = find_api_key(hash_api_key(shown), clock.now())
        if found is None:
            return None
        self._mark_used(found)
        return CurrentUser(
            f"API key {found.name}",
            found.role,
            key_id=found.id,
            account_scope=found.account_scope,
        )

    def _mark_used(self, found: ApiKeyRecord) -> None:
        now = clock.now()
        if found.used_at is not None and now - found.used_at < _USED_AGAIN_AFTER:
            return
        try:
            self._ports.tell(MarkApiKeyUsed(found.id, now))
        except Exception as error:  # noqa: BLE001 - failing to store this must not lock programs out
            _LOG.warning("api_key.not_marked", error=type(error).__name__)
