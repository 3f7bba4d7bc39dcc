from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from peewee import JOIN

from moca.core.inbound.events import Echo
from moca.core.types import Author, ItemStatus, Stage
from moca.storage.content_codec import REACTION, read_content, type_of
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Selection
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
from moca.storage.inbound.app_replies import NEVER_CAME, AppReply, store_app_reply
from moca.storage.outbox.items import OutboxItem, hold_items
from moca.storage.outbox.sent import ArrivedReply, write_arrived
from moca.storage.unit_of_work import Batch

_BY_MID = Selection(
    lambda: (
        Message.select(
            Message.account_id, Message.mid, Message.id, QueueItem.id, QueueItem.echoed_at
        )
        .join(QueueItem, JOIN.LEFT_OUTER, on=QueueItem.message == Message.id)
        .where(Message.kind == "message")
    ),
    Message.mid,
)
_ECHOED = Update(QueueItem, QueueItem.echoed_at, where='"echoed_at" IS NULL')

_CLOCKS_APART = timedelta(seconds=2)

_SHOWN_AS = {"text": (), REACTION: (), "like_heart": ("image", "sticker", "unsupported")}
"""The types in an echo of a reply's type, where they differ; a reaction has no echo."""

Key = tuple[str, str]


class ReceivedEcho(NamedTuple):
    """An echo from a webhook, or from Instagram's record if no webhook carried it."""

    webhook_id: int | None
    received_at: datetime
    echo: Echo
    is_found: bool = False
    """Whether it only became known through Instagram's record."""
    takes_over: bool = True
    """Whether it holds the bot if a person wrote it."""

    @property
    def key(self) -> Key:
        """Identifies the message of the echo."""
        return self.echo.contact.account_id, self.echo.mid


@dataclass(slots=True)
class _Known:
    message_id: int
    item_id: int | None = None
    is_echoed: bool = False


def record_echoes(batch: Batch, echoes: Sequence[ReceivedEcho]) -> None:
    """Process echoes as proof of delivery. An echo of no reply was written in the Instagram app."""
    if not echoes:
        return
    known = _stored(received.echo.mid for received in echoes)
    proofs: list[tuple[datetime, int]] = []
    for received in echoes:
        if received.key not in known:
            known[received.key] = _recognise(batch, received)
        message = known[received.key]
        if message.item_id is not None and not message.is_echoed:
            proofs.append((received.received_at, message.item_id))
            batch.note(message.message_id, received.received_at, Stage.DELIVERY, "echoed")
        message.is_echoed = True
    _ECHOED.each(proofs)


def _recognise(batch: Batch, received: ReceivedEcho) -> _Known:
    item = _match(received.echo, is_found=received.is_found)
    if item is None:
        app_reply = AppReply(received.echo, received.webhook_id, received.received_at)
        if received.is_found:
            app_reply = app_reply._replace(how=NEVER_CAME, takes_over=received.takes_over)
        return _Known(store_app_reply(batch, app_reply))
    write_arrived(
        batch, [ArrivedReply(item, received.echo.mid, received.received_at, "delivery confirmed")]
    )
    return _Known(item.message_id, item.id)


def _match(echo: Echo, *, is_found: bool) -> OutboxItem | None:
    """Return the reply of an echo: the last one begun before it, else the oldest.

    An echo found in the record may be old: it proves nothing about replies begun after it.
    """
    candidates = [item for item in _may_arrive(echo) if _has_same_text(echo, item)]
    if echo.sent_at is not None:
        until = echo.sent_at + _CLOCKS_APART
        begun = [(item.sending_at, item) for item in candidates if item.sending_at is not None]
        before = [(at, item) for at, item in begun if at <= until]
        if before:
            return max(before, key=itemgetter(0))[1]
    return None if is_found else next(iter(candidates), None)


def _has_same_text(echo: Echo, item: OutboxItem) -> bool:
    """Compare texts, or types if the echo has no text, as for a template."""
    text = storable(echo.text).strip()
    if text:
        return item.text.strip() == text
    type_sent = type_of(read_content(item.text, item.stored_content))
    return type_sent == echo.type or echo.type in _SHOWN_AS.get(type_sent, ("unsupported",))


def _may_arrive(echo: Echo) -> list[OutboxItem]:
    # By the messages without a mid: there are few of them, and very many sent ones.
    query = Message.select(Message.id).join(Conversation).join(Contact)
    unnamed_ids = [
        row_id for (row_id,) in read_rows(query.where(is_contact(echo.contact) & IS_UNNAMED))
    ]
    if not unnamed_ids:
        return []
    # A call that was never made, or was refused, has no echo: only sends that were unconfirmed.
    unconfirmed_sends = JourneyStep.select(JourneyStep.message).where(
        (JourneyStep.message << unnamed_ids)
        & (JourneyStep.stage == Stage.SETTLING.value)
        & (JourneyStep.outcome == "unknown")
    )
    retried = (QueueItem.status == ItemStatus.PENDING.value) & (
        QueueItem.message << unconfirmed_sends
    )
    unnamed = (QueueItem.status == ItemStatus.SENT.value) & Message.mid.is_null()
    open_items = (Message.author != Author.HUMAN.value) & (IS_UNSETTLED | retried | unnamed)
    return hold_items((QueueItem.message << unnamed_ids) & open_items)


def _stored(mids: Iterable[str]) -> dict[Key, _Known]:
    return {
        (account_id, mid): _Known(message_id, item_id, echoed_at is not None)
        for account_id, mid, message_id, item_id, echoed_at in _BY_MID.among(sorted(set(mids)))
    }
