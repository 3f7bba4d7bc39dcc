from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.storage.models import (
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    AccountRest,
    QueueItem,
)
from moca.storage.reads.records import QueueItemRecord

COUNTED = 10_000
"""Whoever stands further back is only told that so many are ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInLine:
    """Where a reply that may go stands among those that may go too."""

    ahead: int
    """At most `COUNTED`."""
    rests_until: datetime | None
    """Until when Instagram asked the account to wait."""


def place_of(item: QueueItemRecord, at: datetime) -> PlaceInLine:
    """Find a pending reply's place in line at an instant."""
    goes_first = (QueueItem.priority < item.priority) | (
        (QueueItem.priority == item.priority) & (QueueItem.id < item.id)
    )
    at_once = _count(IS_FOR_AT_ONCE & goes_first)
    later = _count(IS_FOR_LATER & (QueueItem.scheduled_for <= at) & goes_first)
    rest: Any = AccountRest.select(AccountRest.rests_until).where(
        AccountRest.account_id == item.contact.account_id
    )
    row = rest.dicts().first()
    rests_until = None if row is None or row["rests_until"] <= at else row["rests_until"]
    return PlaceInLine(ahead=min(at_once + later, COUNTED), rests_until=rests_until)


def _count(which: Any) -> int:
    query: Any = QueueItem.select(QueueItem.id).where(which).limit(COUNTED).tuples()
    return len(list(query))
