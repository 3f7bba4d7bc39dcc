from dataclasses import dataclass
from typing import Any

from moca.core.types import ItemStatus
from moca.storage.db.tables import Account, Message, QueueItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Firsts:
    """How far a new Moca is."""

    was_written_to: bool
    was_answered: bool
    """Whether any reply ever reached anybody."""
    has_account: bool


def read_firsts() -> Firsts:
    """Look how far it is."""
    sent = QueueItem.select(QueueItem.id).where(QueueItem.status == ItemStatus.SENT.value)
    return Firsts(
        was_written_to=_any(Message.select(Message.id)),
        was_answered=_any(sent),
        has_account=_any(Account.select(Account.account_id)),
    )


def _any(query: Any) -> bool:
    return query.limit(1).tuples().first() is not None
