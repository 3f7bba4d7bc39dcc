import json
from collections.abc import Sequence
from datetime import datetime

from peewee import fn

from moca.core.feed import FeedKind
from moca.core.messages.housekeeping import HoldRestored
from moca.core.reasons import Because, Reason
from moca.core.types import ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.db.bulk import Update
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_HELD_REPLY, IS_UNANSWERED, IS_UNDER_WAY, Message, QueueItem
from moca.storage.handlers import handles
from moca.storage.messages.outcomes import conclude
from moca.storage.outbox.freeze import freeze
from moca.storage.outbox.items import OutboxItem, hold_items
from moca.storage.unit_of_work import Batch

_BECAUSE = "restored from a backup: it may have been sent since"
_ITEMS = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.because,
    QueueItem.attempts,
    QueueItem.sending_at,
    QueueItem.unconfirmed_since,
    QueueItem.is_final,
)
_MESSAGES = Update(Message, Message.status, Message.because)


@handles(HoldRestored)
def hold_restored(batch: Batch, commands: Sequence[HoldRestored]) -> None:
    """Pause sending, and take what was queued or unanswered for what may have gone out since.

    Queued replies become unconfirmed: those that Instagram's record does not show are left to the
    team, as are unanswered messages. A reply that is scheduled for later stays as it is.
    """
    for command in commands:
        _begin_new_numbers(command.at)
        freeze(batch, command.at)
        # A held reply may have been approved since, at whatever time it was to be sent.
        was_due = IS_UNDER_WAY & (QueueItem.scheduled_for <= command.at)
        items = hold_items(IS_HELD_REPLY | was_due)
        _mark_unconfirmed(batch, items, command.at)
        query = Message.select(Message.id).where(IS_UNANSWERED).order_by(Message.id)
        unanswered = [message_id for (message_id,) in read_rows(query)]
        because = Because(Reason.RESTORED)
        conclude(batch, unanswered, Outcome.SUPPRESSED, because, command.at)


def _begin_new_numbers(at: datetime) -> None:
    """Number the feed's events from milliseconds since 1970 on, beyond any given out before.

    Readers may have read events that the backup does not hold; their numbers must not return.
    """
    last: int = StoredFeedEvent.select(fn.MAX(StoredFeedEvent.id)).scalar() or 0
    StoredFeedEvent.create(
        id=max(last + 1, int(at.timestamp() * 1000)),
        kind=FeedKind.DATABASE_RESTORED,
        at=at,
        detail=json.dumps({"restored_after": last}),
    )


def _mark_unconfirmed(batch: Batch, items: Sequence[OutboxItem], at: datetime) -> None:
    first_calls = [
        item.unconfirmed_since or item.sending_at or item.scheduled_for for item in items
    ]
    _ITEMS.each(
        (ItemStatus.UNKNOWN, _BECAUSE, max(item.attempts, 1), since, since, True, item.id)
        for item, since in zip(items, first_calls, strict=True)
    )
    _MESSAGES.each((MessageStatus.UNKNOWN, _BECAUSE, item.message_id) for item in items)
    for item in items:
        batch.note(item.message_id, at, Stage.SETTLING, "unknown", _BECAUSE)
