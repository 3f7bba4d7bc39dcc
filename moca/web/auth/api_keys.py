import hashlib
import secrets
from datetime import timedelta

import structlog
from flask import Response, request

from moca import clock
from moca.core.messages.api_keys import MarkApiKeyUsed
from moca.storage.queries.team.api_keys import (
    ApiKeyRecord,
    account_of_conversation,
    account_of_item,
    account_of_message,
    find_api_key,
)
from moca.web.auth.current_user import CurrentUser
from moca.web.config import WebPorts
from moca.web.errors import problem
from moca.web.pagination import read_row_id

KEY_PREFIX = "moca_"
"""Begins every key, so that scanners for leaked secrets can find it."""
_USED_AGAIN_AFTER = timedelta(minutes=10)
_FILTERED = frozenset({"events.events", "conversations.conversations"})
"""Endpoints that leave out by themselves what is not of the key's accounts."""

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
            account_ids=found.account_ids or None,
        )

    def require_own_account(self, user: CurrentUser) -> Response | None:
        """Keep a key that is limited to accounts from all that is not known to be of these."""
        if user.account_ids is None or request.endpoint in _FILTERED:
            return None
        values = request.view_args or {}
        with self._ports.database.connection_context():
            account_id = _account_of(values)
        if account_id in user.account_ids:
            return None
        if account_id is None and not values:
            return problem(403, "This API key is limited to accounts; this request is about all.")
        return problem(404, "Not found among the accounts of this API key.")

    def _mark_used(self, found: ApiKeyRecord) -> None:
        now = clock.now()
        if found.used_at is not None and now - found.used_at < _USED_AGAIN_AFTER:
            return
        try:
            self._ports.tell(MarkApiKeyUsed(found.id, now))
        except Exception as error:  # noqa: BLE001 - failing to store this must not lock programs out
            _LOG.warning("api_key.not_marked", error=type(error).__name__)


def _account_of(values: dict[str, str]) -> str | None:
    match values:
        case {"conversation_id": number}:
            return account_of_conversation(read_row_id(number) or 0)
        case {"item_id": number}:
            return account_of_item(read_row_id(number) or 0)
        case {"mid": mid}:
            return account_of_message(mid)
        case {"account_id": account_id}:
            return account_id
    return None
