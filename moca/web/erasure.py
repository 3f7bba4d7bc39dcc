import secrets
import time
from dataclasses import dataclass
from datetime import timedelta

import peewee

from moca import clock
from moca.core.messages.operator_actions import EraseContact, ErasureRequest
from moca.core.types import ContactKey
from moca.storage.queries.contacts import find_deletion
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was accepted, with the code by which its progress can be looked up."""

    code: str
    is_complete: bool


def erase_contact(contact: ContactKey, ports: WebPorts, config: WebConfig) -> Erasure:
    """Erase a contact with all its data, and wait for it, at most as long as for a receipt.

    Raises:
        Problem: If the erasure is not confirmed.
    """
    now = clock.now()
    request = ErasureRequest(secrets.token_urlsafe(16), now)
    carry_out(EraseContact(contact, now, request=request), ports, config)
    return Erasure(request.code, _wait(request.code, ports.database, config.receipt_timeout))


def _wait(code: str, database: peewee.Database, timeout: timedelta) -> bool:
    for _ in range(int(timeout.total_seconds() / _POLL_SECONDS)):
        if _is_complete(code, database):
            return True
        time.sleep(_POLL_SECONDS)
    return _is_complete(code, database)


def _is_complete(code: str, database: peewee.Database) -> bool:
    with database.connection_context():
        found = find_deletion(code)
    return found is not None and found.completed_at is not None
