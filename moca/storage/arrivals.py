from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moca.core.messages import MessageArrived
from moca.core.snapshot import Inbound
from moca.core.vocabulary import Author, MessageStatus, Outcome, Role, Stage
from moca.core.webhook import InboundMessage
from moca.storage.batch import Batch
from moca.storage.bulk import Insertion, Update
from moca.storage.chunks import in_chunks
from moca.storage.models import Message
from moca.storage.storable import short, storable
from moca.storage.talks import Talk, Talks

_INSERT = Insertion(
    Message,
    Message.conversation,
    Message.webhook,
    Message.account_id,
    Message.kind,
    Message.mid,
    Message.role,
    Message.author,
    Message.type,
    Message.text,
    Message.created_at,
    Message.sent_at,
    Message.status,
    Message.processed,
    Message.outcome,
    Message.because,
    Message.redeliveries,
)
_REDELIVERIES = Update(Message, Message.redeliveries)

_OLDEST_TIMESTAMP = timedelta(hours=48)

Key = tuple[str, str, str]
"""A message's mid, account and kind."""


class Arrival(NamedTuple):
    """A message as it came in a webhook."""

    webhook_id: int
    received_at: datetime
    message: InboundMessage

    @property
    def key(self) -> Key:
        """What makes it the same message when it comes again."""
        return self.message.mid, self.message.contact.account_id, self.message.kind


def store_arrivals(batch: Batch, arrivals: Sequence[Arrival]) -> None:
    """Store the messages that are new with their contacts, and count those that came again."""
    known = _stored({arrival.key for arrival in arrivals})
    fresh: dict[Key, Arrival] = {}
    for arrival in arrivals:
        if arrival.key not in known:
            fresh.setdefault(arrival.key, arrival)
    again = [arrival for arrival in arrivals if fresh.get(arrival.key) is not arrival]
    if fresh:
        ids = _store(batch, tuple(fresh.values()))
        known |= {key: (message_id, 0) for key, message_id in zip(fresh, ids, strict=True)}
    _count(batch, again, known)


def window_opening(sent_at: datetime | None, received_at: datetime) -> tuple[datetime, str]:
    """Say from when a message lets the account answer, and by which clock."""
    if sent_at is None:
        return received_at, "the reply window runs from receipt: there is no timestamp"
    if sent_at > received_at:
        return received_at, "the reply window runs from receipt: the timestamp is in the future"
    if received_at - sent_at > _OLDEST_TIMESTAMP:
        old = f"{sent_at:%Y-%m-%d %H:%M:%S} UTC"
        return received_at, f"the reply window runs from receipt: the timestamp is of {old}"
    return sent_at, "the reply window runs from Instagram's timestamp"


def _store(batch: Batch, arrivals: Sequence[Arrival]) -> list[int]:
    talks = Talks(arrival.message.contact for arrival in arrivals)
    clocks, resumed = [], []
    for arrival in arrivals:
        talk = talks.of(arrival.message.contact)
        resumed.append(talk.end_hold(arrival.received_at))
        clocks.append(_take_in(talk, arrival))
    talks.write()
    ids = _INSERT.returning_ids(
        _row(arrival, talks.of(arrival.message.contact)) for arrival in arrivals
    )
    for message_id, arrival, clock, over in zip(ids, arrivals, clocks, resumed, strict=True):
        batch.note(message_id, arrival.received_at, Stage.RECEPTION, "received", clock)
        batch.note(message_id, arrival.received_at, Stage.STORAGE, "stored")
        if over:
            batch.note(message_id, arrival.received_at, Stage.STATE, "resumed", "the hold ran out")
        _announce(batch, message_id, arrival, talks.of(arrival.message.contact))
    return ids


def _take_in(talk: Talk, arrival: Arrival) -> str:
    opening, clock = window_opening(arrival.message.sent_at, arrival.received_at)
    talk.hear(arrival.received_at, opening)
    return clock


def _row(arrival: Arrival, talk: Talk) -> tuple[object, ...]:
    message, unanswerable = arrival.message, arrival.message.unanswerable
    return (
        talk.conversation_id,
        arrival.webhook_id,
        message.contact.account_id,
        message.kind,
        message.mid,
        Role.USER,
        Author.CONTACT,
        short(message.type),
        storable(message.text),
        arrival.received_at,
        message.sent_at,
        MessageStatus.RECEIVED,
        unanswerable is not None,
        None if unanswerable is None else Outcome.SUPPRESSED,
        storable(unanswerable or ""),
        0,
    )


def _announce(batch: Batch, message_id: int, arrival: Arrival, talk: Talk) -> None:
    message, at = arrival.message, arrival.received_at
    if message.unanswerable is not None:
        batch.note(message_id, at, Stage.OUTCOME, Outcome.SUPPRESSED, message.unanswerable)
        return
    inbound = Inbound(
        id=message_id,
        mid=message.mid,
        kind=message.kind,
        type=short(message.type),
        text=storable(message.text),
        received_at=at,
    )
    batch.tell(MessageArrived(message.contact, talk.conversation_id, inbound))


def _count(batch: Batch, again: Iterable[Arrival], known: dict[Key, tuple[int, int]]) -> None:
    counts: dict[int, int] = {}
    for arrival in again:
        message_id, redeliveries = known[arrival.key]
        counts[message_id] = counts.get(message_id, redeliveries) + 1
        batch.note(message_id, arrival.received_at, Stage.RECEPTION, "redelivered")
    _REDELIVERIES.each((count, message_id) for message_id, count in counts.items())


def _stored(keys: set[Key]) -> dict[Key, tuple[int, int]]:
    found: dict[Key, tuple[int, int]] = {}
    columns = (Message.mid, Message.account_id, Message.kind, Message.id, Message.redeliveries)
    for chunk in in_chunks(sorted({mid for mid, _, _ in keys})):
        query: Any = Message.select(*columns).where(Message.mid << chunk)
        for *key, message_id, redeliveries in query.tuples():
            found[key[0], key[1], key[2]] = message_id, redeliveries
    return found
