from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from peewee import JOIN

from moca.core.inbound.events import Echo
from moca.core.types import Author, ItemStatus, Stage
from moca.storage.content_codec import REACTION, read_content, type_of
from moca.storage.db.bulk import Update, in_chunks
from moca.storage.db.fields import storable
from moca.storage.db.tables import (
    IS_UNNAMED,
    IS_UNSETTLED,
    Contact,
    Conversation,
    JourneyStep,
    Message,
    QueueItem,
    is_contact,
)
from moca.storage.inbound.app_replies import NEVER_CAME, ByHand, store_by_hand
from moca.storage.outbox.items import Item, hold_items
from moca.storage.outbox.sent import Arrived, write_arrived
from moca.storage.unit_of_work import Batch

_ECHOED = Update(QueueItem, QueueItem.echoed_at, where='"echoed_at" IS NULL')

_CLOCKS_APART = timedelta(seconds=2)

_SHOWN_AS = {"text": (), REACTION: (), "like_heart": ("image", "sticker", "unsupported")}
"""What an echo may call a kind of reply that it does not name; of a reaction there is none."""

Key = tuple[str, str]


class Heard(NamedTuple):
    """An echo as it came in a webhook, or as it was fetched because none told it."""

    webhook_id: int | None
    received_at: datetime
    echo: Echo
    is_found: bool = False
    """Whether nothing had told of it before Instagram's record did."""
    takes_over: bool = True
    """Whether the bot falls silent if a person wrote it."""

    @property
    def key(self) -> Key:
        """What makes it the echo of one message."""
        return self.echo.contact.account_id, self.echo.mid


@dataclass(slots=True)
class _Known:
    message_id: int
    item_id: int | None = None
    is_echoed: bool = False


def hear_echoes(batch: Batch, echoes: Sequence[Heard]) -> None:
    """Take echoes as proof of delivery; one that proves nothing was written by a person."""
    if not echoes:
        return
    known = _stored(heard.echo.mid for heard in echoes)
    proofs: list[tuple[datetime, int]] = []
    for heard in echoes:
        if heard.key not in known:
            known[heard.key] = _recognise(batch, heard)
        message = known[heard.key]
        if message.item_id is not None and not message.is_echoed:
            proofs.append((heard.received_at, message.item_id))
            batch.note(message.message_id, heard.received_at, Stage.DELIVERY, "echoed")
        message.is_echoed = True
    _ECHOED.each(proofs)


def _recognise(batch: Batch, heard: Heard) -> _Known:
    item = _match(heard.echo, is_found=heard.is_found)
    if item is None:
        by_hand = ByHand(heard.echo, heard.webhook_id, heard.received_at)
        if heard.is_found:
            by_hand = by_hand._replace(how=NEVER_CAME, takes_over=heard.takes_over)
        return _Known(store_by_hand(batch, by_hand))
    write_arrived(batch, [Arrived(item, heard.echo.mid, heard.received_at, "echo")])
    return _Known(item.message_id, item.id)


def _match(echo: Echo, *, is_found: bool) -> Item | None:
    """Find the reply it is the echo of: the last one begun before it, else the oldest.

    What is found in the record may be long past: it is no proof of what was begun after it.
    """
    candidates = [item for item in _may_arrive(echo) if _says_the_same(echo, item)]
    if echo.sent_at is not None:
        until = echo.sent_at + _CLOCKS_APART
        begun = [(item.sending_at, item) for item in candidates if item.sending_at is not None]
        before = [(at, item) for at, item in begun if at <= until]
        if before:
            return max(before, key=itemgetter(0))[1]
    return None if is_found else next(iter(candidates), None)


def _says_the_same(echo: Echo, item: Item) -> bool:
    """Compare texts, or kinds where the echo has none: of a template it shows nothing else."""
    text = storable(echo.text).strip()
    if text:
        return item.text.strip() == text
    type_sent = type_of(read_content(item.text, item.stored_content))
    return type_sent == echo.type or echo.type in _SHOWN_AS.get(type_sent, ("unsupported",))


def _may_arrive(echo: Echo) -> list[Item]:
    # By what has no name yet: that is next to nothing, and all that was ever sent is much.
    query: Any = Message.select(Message.id).join(Conversation).join(Contact)
    unnamed_ids = [
        row_id for (row_id,) in query.where(is_contact(echo.contact) & IS_UNNAMED).tuples()
    ]
    if not unnamed_ids:
        return []
    # A call that never left, or was refused, has no echo: only what was once in doubt.
    doubts: Any = JourneyStep.select(JourneyStep.message).where(
        (JourneyStep.message << unnamed_ids)
        & (JourneyStep.stage == Stage.SETTLING.value)
        & (JourneyStep.outcome == "unknown")
    )
    retried = (QueueItem.status == ItemStatus.PENDING.value) & (QueueItem.message << doubts)
    unnamed = (QueueItem.status == ItemStatus.SENT.value) & Message.mid.is_null()
    open_items = (Message.author != Author.HUMAN.value) & (IS_UNSETTLED | retried | unnamed)
    return hold_items((QueueItem.message << unnamed_ids) & open_items)


def _stored(mids: Iterable[str]) -> dict[Key, _Known]:
    columns = (Message.account_id, Message.mid, Message.id, QueueItem.id, QueueItem.echoed_at)
    query: Any = Message.select(*columns).join(
        QueueItem, JOIN.LEFT_OUTER, on=QueueItem.message == Message.id
    )
    found = {}
    for chunk in in_chunks(sorted(set(mids))):
        own = (Message.mid << chunk) & (Message.kind == "message")
        for account_id, mid, message_id, item_id, echoed_at in query.where(own).tuples():
            found[account_id, mid] = _Known(message_id, item_id, echoed_at is not None)
    return found
