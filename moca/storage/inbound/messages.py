from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from moca.core.conversation.consent import OPTED_OUT, Consent, Wish
from moca.core.conversation.snapshot import Inbound
from moca.core.inbound.event_rules import rule_of
from moca.core.inbound.events import InboundMessage
from moca.core.messages.inbound import MessageArrived
from moca.core.types import Author, MessageStatus, Outcome, Role, Stage
from moca.storage.accounts.ownership import not_ours_because
from moca.storage.content_codec import written_received
from moca.storage.conversations.contacts import WISHED, is_overruled
from moca.storage.db.bulk import Insertion, Update
from moca.storage.db.fields import short, storable
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Message
from moca.storage.inbound.app_replies import NEVER_CAME
from moca.storage.inbound.thread_control import write_turn
from moca.storage.inbound.webhook_bodies import Body, note_bodies, scrub_body
from moca.storage.messages.contact_conversations import Talk, Talks, Turn
from moca.storage.outbox.cancel import silence_bot
from moca.storage.unit_of_work import Batch, WriterPolicy

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
    Message.content,
    Message.created_at,
    Message.sent_at,
    Message.status,
    Message.processed,
    Message.outcome,
    Message.because,
    Message.redeliveries,
    Message.wish,
)
_REDELIVERIES = Update(Message, Message.redeliveries)
_BY_MID = Selection(
    lambda: Message.select(
        Message.mid,
        Message.account_id,
        Message.kind,
        Message.id,
        Message.redeliveries,
        Message.deleted_at,
    ),
    Message.mid,
)

_OLDEST_TIMESTAMP = timedelta(hours=48)

FOUND, FETCHED = "found", "fetched"

Key = tuple[str, str, str]
"""A message's mid, account and kind."""


class Arrival(NamedTuple):
    """A message as it came in a webhook, or as it was fetched because none told it."""

    webhook_id: int | None
    received_at: datetime
    message: InboundMessage
    how: str = "received"
    """Also `fetched` by its id, or `found` where nothing had told of it."""

    @property
    def key(self) -> Key:
        """What makes it the same message when it comes again."""
        return self.message.mid, self.message.contact.account_id, self.message.kind


class _Known(NamedTuple):
    message_id: int
    redeliveries: int = 0
    is_unsent: bool = False


def store_arrivals(batch: Batch, arrivals: Sequence[Arrival]) -> None:
    """Store the messages that are new with their contacts, and count those that came again."""
    arrivals = _with_strangers_marked(arrivals, batch.policy)
    if any(arrival.message.is_standby for arrival in arrivals):
        for arrival in arrivals:  # Each may turn over who holds the thread.
            _store_run(batch, (arrival,))
    else:
        _store_run(batch, arrivals)


def _with_strangers_marked(arrivals: Sequence[Arrival], policy: WriterPolicy) -> Sequence[Arrival]:
    """Mark the messages to accounts that are not ours, so that they are not answered."""
    reasons = not_ours_because({each.message.contact.account_id for each in arrivals}, policy)
    if not reasons:
        return arrivals
    return [_marked(each, reasons.get(each.message.contact.account_id)) for each in arrivals]


def _marked(arrival: Arrival, reason: str | None) -> Arrival:
    if reason is None or arrival.message.unanswerable is not None:
        return arrival
    return arrival._replace(message=replace(arrival.message, unanswerable=reason))


def _store_run(batch: Batch, arrivals: Sequence[Arrival]) -> None:
    known = _stored({arrival.key for arrival in arrivals})
    fresh: dict[Key, Arrival] = {}
    for arrival in arrivals:
        if arrival.key not in known:
            fresh.setdefault(arrival.key, arrival)
    again = [arrival for arrival in arrivals if fresh.get(arrival.key) is not arrival]
    if fresh:
        ids = _store(batch, tuple(fresh.values()))
        known |= {key: _Known(message_id) for key, message_id in zip(fresh, ids, strict=True)}
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


def opened_before(kind: str, sent_at: datetime | None, received_at: datetime) -> datetime | None:
    """Return since when a message lets the account answer; None where not before its receipt."""
    if not rule_of(kind).opens_window:
        return None
    opening, _ = window_opening(sent_at, received_at)
    return opening if opening < received_at else None


def _store(batch: Batch, arrivals: Sequence[Arrival]) -> list[int]:
    talks = Talks(arrival.message.contact for arrival in arrivals)
    clocks, turns, wishes = [], [], []
    for arrival in arrivals:
        talk = talks.of(arrival.message.contact)
        turns.append(_turn(talk, arrival))
        clocks.append(_take_in(talk, arrival))
        wishes.append(_heed(talk, arrival, batch.policy.consent))
    talks.write()
    for arrival, wish in zip(arrivals, wishes, strict=True):
        if wish is Wish.OPT_OUT:
            talk = talks.of(arrival.message.contact)
            silence_bot(batch, talk.conversation_id, OPTED_OUT, arrival.received_at)
    ids = _INSERT.returning_ids(
        _row(arrival, talks.of(arrival.message.contact), wish)
        for arrival, wish in zip(arrivals, wishes, strict=True)
    )
    for message_id, arrival, clock, turn, wish in zip(
        ids, arrivals, clocks, turns, wishes, strict=True
    ):
        talk = talks.of(arrival.message.contact)
        told = NEVER_CAME if arrival.how == FOUND else clock
        batch.note(message_id, arrival.received_at, Stage.RECEPTION, arrival.how, told)
        batch.note(message_id, arrival.received_at, Stage.STORAGE, "stored")
        if turn is not None:
            write_turn(batch, talk, turn, arrival.received_at, message_id, sparing=ids)
        if wish is not None:
            batch.note(message_id, arrival.received_at, Stage.STATE, WISHED[wish])
        _announce(batch, message_id, arrival, talk, wish)
    return ids


def _turn(talk: Talk, arrival: Arrival) -> Turn | None:
    at, message = arrival.received_at, arrival.message
    if message.is_standby:
        return talk.stand_by(at)
    # Only a webhook tells which app a message was meant for; the record shows what was written.
    is_told = arrival.how not in (FETCHED, FOUND)
    if is_told and talk.comes_back(message.sent_at, at):
        return Turn.CAME_BACK
    return Turn.RAN_OUT if talk.end_hold(at) else None


def _take_in(talk: Talk, arrival: Arrival) -> str:
    message, at = arrival.message, arrival.received_at
    if not rule_of(message.kind).opens_window:
        talk.hear(at, None)
        return f"a {message.kind.replace('_', ' ')} opens no reply window"
    opening, clock = window_opening(message.sent_at, at)
    talk.hear(at, opening)
    return clock


def _heed(talk: Talk, arrival: Arrival, consent: Consent) -> Wish | None:
    """Write down what a message changes about being written to; None where that is nothing."""
    message = arrival.message
    if not rule_of(message.kind).opens_window:
        return None
    wish = consent.wish_of(message.text, has_opted_out=talk.opted_out_at is not None)
    if wish is None or not _counts_still(wish, arrival, consent):
        return None
    talk.opted_out_at = arrival.received_at if wish is Wish.OPT_OUT else None
    return wish


def _counts_still(wish: Wish, arrival: Arrival, consent: Consent) -> bool:
    """Tell whether what somebody wished holds; it does where nobody may answer it any more."""
    message = arrival.message
    if arrival.how != FOUND or message.sent_at is None:
        return message.unanswerable is None
    return not is_overruled(message.contact, wish, message.sent_at, consent)


def _row(arrival: Arrival, talk: Talk, wish: Wish | None) -> tuple[object, ...]:
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
        written_received(message.received),
        arrival.received_at,
        message.sent_at,
        MessageStatus.RECEIVED,
        unanswerable is not None,
        None if unanswerable is None else Outcome.SUPPRESSED,
        storable(unanswerable or ""),
        0,
        wish,
    )


def _announce(
    batch: Batch, message_id: int, arrival: Arrival, talk: Talk, wish: Wish | None
) -> None:
    message, at = arrival.message, arrival.received_at
    is_first = talk.introduce()
    if message.unanswerable is not None:
        batch.note(message_id, at, Stage.OUTCOME, Outcome.SUPPRESSED, message.unanswerable)
        return
    inbound = Inbound(
        id=message_id,
        mid=message.mid,
        kind=message.kind,
        type=short(message.type),
        text=storable(message.text),
        received=message.received,
        received_at=at,
        wish=wish,
        opened_at=opened_before(message.kind, message.sent_at, at),
    )
    batch.tell(MessageArrived(message.contact, talk.conversation_id, inbound, is_first))


def _count(batch: Batch, again: Iterable[Arrival], known: Mapping[Key, _Known]) -> None:
    """Count messages that came again, and remember in which body; an unsent one leaves none."""
    counts: dict[int, int] = {}
    bodies: list[Body] = []
    for arrival in again:
        message_id, redeliveries, is_unsent = known[arrival.key]
        counts[message_id] = counts.get(message_id, redeliveries) + 1
        batch.note(message_id, arrival.received_at, Stage.RECEPTION, "redelivered")
        if arrival.webhook_id is None:
            continue
        message = arrival.message
        if is_unsent:
            scrub_body(arrival.webhook_id, message.mid)
        else:
            at = arrival.received_at
            bodies.append(Body(arrival.webhook_id, message.contact, message.mid, at))
    _REDELIVERIES.each((count, message_id) for message_id, count in counts.items())
    note_bodies(bodies)


def _stored(keys: set[Key]) -> dict[Key, _Known]:
    return {
        (mid, account_id, kind): _Known(message_id, redeliveries, deleted_at is not None)
        for mid, account_id, kind, message_id, redeliveries, deleted_at in _BY_MID.among(
            sorted({mid for mid, _, _ in keys})
        )
    }
