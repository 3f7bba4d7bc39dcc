from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from moca.core.conversation.consent import OPTED_OUT, Consent, ConsentChange
from moca.core.conversation.snapshot import Inbound
from moca.core.feed import FeedEvent, FeedKind
from moca.core.inbound.event_rules import rule_of
from moca.core.inbound.events import InboundMessage
from moca.core.messages.inbound import MessageArrived
from moca.core.reasons import code_of
from moca.core.reply_window import opened_before, window_opening
from moca.core.types import Author, MessageStatus, Outcome, Role, Stage
from moca.storage.accounts.ownership import not_ours_because
from moca.storage.content_codec import written_received
from moca.storage.conversations.contacts import (
    CONSENT_KINDS,
    CONSENT_STEPS,
    is_superseded,
    keep_usernames,
)
from moca.storage.db.bulk import Insertion, Update
from moca.storage.db.fields import short, storable
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Message
from moca.storage.inbound.app_replies import NEVER_CAME
from moca.storage.inbound.thread_control import write_turn
from moca.storage.inbound.webhook_bodies import WebhookBody, note_bodies, redact_body
from moca.storage.messages.contact_conversations import (
    ContactConversation,
    ContactConversations,
    HoldChange,
)
from moca.storage.messages.outcomes import outcome_event
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
    Message.reason,
    Message.redeliveries,
    Message.consent_change,
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

FOUND, FETCHED = "found", "fetched"

Key = tuple[str, str, str]
"""A message's mid, account and kind."""


class Arrival(NamedTuple):
    """A message from a webhook, or from Instagram's record if no webhook carried it."""

    webhook_id: int | None
    received_at: datetime
    message: InboundMessage
    how: str = "received"

    @property
    def key(self) -> Key:
        """Identifies the message across redeliveries."""
        return self.message.mid, self.message.contact.account_id, self.message.kind


class _Known(NamedTuple):
    message_id: int
    redeliveries: int = 0
    is_unsent: bool = False


def store_arrivals(batch: Batch, arrivals: Sequence[Arrival]) -> None:
    """Store new messages with their contacts, and count redeliveries."""
    arrivals = _with_strangers_marked(arrivals, batch.policy)
    if any(arrival.message.is_standby for arrival in arrivals):
        for arrival in arrivals:  # Each may change which app controls the thread.
            _store_run(batch, (arrival,))
    else:
        _store_run(batch, arrivals)


def _with_strangers_marked(arrivals: Sequence[Arrival], policy: WriterPolicy) -> Sequence[Arrival]:
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


def _store(batch: Batch, arrivals: Sequence[Arrival]) -> list[int]:
    conversations = ContactConversations(arrival.message.contact for arrival in arrivals)
    clocks, turns, changes = [], [], []
    for arrival in arrivals:
        conversation = conversations.of(arrival.message.contact)
        turns.append(_turn(conversation, arrival))
        clocks.append(_take_in(conversation, arrival))
        consent = batch.policy_of(arrival.message.contact.account_id).consent
        changes.append(_consent_change(conversation, arrival, consent))
    conversations.write()
    keep_usernames(arrival.message for arrival in arrivals)
    for arrival, change in zip(arrivals, changes, strict=True):
        if change is ConsentChange.OPT_OUT:
            conversation = conversations.of(arrival.message.contact)
            silence_bot(batch, conversation.conversation_id, OPTED_OUT, arrival.received_at)
    ids = _INSERT.returning_ids(
        _row(arrival, conversations.of(arrival.message.contact).conversation_id, change)
        for arrival, change in zip(arrivals, changes, strict=True)
    )
    stored = zip(ids, arrivals, clocks, turns, changes, strict=True)
    for message_id, arrival, clock, turn, change in stored:
        conversation = conversations.of(arrival.message.contact)
        clock_note = NEVER_CAME if arrival.how == FOUND else clock
        batch.note(message_id, arrival.received_at, Stage.RECEPTION, arrival.how, clock_note)
        batch.note(message_id, arrival.received_at, Stage.STORAGE, "stored")
        batch.publish(FeedEvent(FeedKind.MESSAGE_RECEIVED, arrival.received_at, message_id))
        if turn is not None:
            write_turn(batch, conversation, turn, arrival.received_at, message_id, sparing=ids)
        if change is not None:
            batch.note(message_id, arrival.received_at, Stage.STATE, CONSENT_STEPS[change])
            batch.publish(FeedEvent(CONSENT_KINDS[change], arrival.received_at, message_id))
        _announce(batch, message_id, arrival, conversation, change)
    return ids


def _turn(conversation: ContactConversation, arrival: Arrival) -> HoldChange | None:
    at, message = arrival.received_at, arrival.message
    if message.is_standby:
        return conversation.stand_by(at)
    # Only a webhook names the app a message was meant for; the record shows just the message.
    is_told = arrival.how not in (FETCHED, FOUND)
    if is_told and conversation.take_back_if_ours(message.sent_at, at):
        return HoldChange.CAME_BACK
    return HoldChange.RAN_OUT if conversation.end_hold(at) else None


def _take_in(conversation: ContactConversation, arrival: Arrival) -> str:
    message, at = arrival.message, arrival.received_at
    if not rule_of(message.kind).opens_window:
        conversation.receive(at, None)
        return f"a {message.kind.replace('_', ' ')} does not open the reply window"
    opening, clock = window_opening(message.sent_at, at)
    conversation.receive(at, opening)
    return clock


def _consent_change(
    conversation: ContactConversation, arrival: Arrival, consent: Consent
) -> ConsentChange | None:
    message = arrival.message
    if not rule_of(message.kind).opens_window:
        return None
    change = consent.change_of(message.text, has_opted_out=conversation.opted_out_at is not None)
    if change is None or not _counts_still(change, arrival, consent):
        return None
    conversation.opted_out_at = arrival.received_at if change is ConsentChange.OPT_OUT else None
    return change


def _counts_still(change: ConsentChange, arrival: Arrival, consent: Consent) -> bool:
    """Return whether a change of consent holds; a found one does unless reversed since."""
    message = arrival.message
    if arrival.how != FOUND or message.sent_at is None:
        return message.unanswerable is None
    return not is_superseded(message.contact, change, message.sent_at, consent)


def _row(arrival: Arrival, conversation_id: int, change: ConsentChange | None) -> Sequence[object]:
    message, unanswerable = arrival.message, arrival.message.unanswerable
    return (
        conversation_id,
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
        code_of(unanswerable or ""),
        0,
        change,
    )


def _announce(
    batch: Batch,
    message_id: int,
    arrival: Arrival,
    conversation: ContactConversation,
    change: ConsentChange | None,
) -> None:
    message, at = arrival.message, arrival.received_at
    is_first = conversation.introduce()
    if message.unanswerable is not None:
        batch.note(message_id, at, Stage.OUTCOME, Outcome.SUPPRESSED, message.unanswerable)
        batch.publish(outcome_event(message_id, Outcome.SUPPRESSED, message.unanswerable, at))
        return
    inbound = Inbound(
        id=message_id,
        mid=message.mid,
        kind=message.kind,
        type=short(message.type),
        text=storable(message.text),
        received=message.received,
        received_at=at,
        consent_change=change,
        opened_at=opened_before(message.kind, message.sent_at, at),
    )
    batch.tell(MessageArrived(message.contact, conversation.conversation_id, inbound, is_first))


def _count(batch: Batch, again: Iterable[Arrival], known: Mapping[Key, _Known]) -> None:
    counts: dict[int, int] = {}
    bodies: list[WebhookBody] = []
    for arrival in again:
        message_id, redeliveries, is_unsent = known[arrival.key]
        counts[message_id] = counts.get(message_id, redeliveries) + 1
        webhook_id, at, message, _ = arrival
        batch.note(message_id, at, Stage.RECEPTION, "redelivered")
        if webhook_id is None:
            continue
        if is_unsent:
            redact_body(webhook_id, message.mid)
        else:
            bodies.append(WebhookBody(webhook_id, message.contact, message.mid, at))
    _REDELIVERIES.each((count, message_id) for message_id, count in counts.items())
    note_bodies(bodies)


def _stored(keys: set[Key]) -> dict[Key, _Known]:
    return {
        (mid, account_id, kind): _Known(message_id, redeliveries, deleted_at is not None)
        for mid, account_id, kind, message_id, redeliveries, deleted_at in _BY_MID.among(
            sorted({mid for mid, _, _ in keys})
        )
    }
