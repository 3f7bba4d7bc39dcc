from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moca.core.feed import FeedEvent, FeedKind
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.reconciliation import (
    CompareThread,
    DueReconciliation,
    EndReconciliation,
    FindDueReconciliations,
    MessagesMissed,
    ReconciliationsDue,
    ReportSilentAccount,
)
from moca.core.notifications import NotificationKind
from moca.core.reconciliation.silence import hour_of
from moca.core.reply_window import BOT_WINDOW
from moca.core.types import Author, ContactKey, Role
from moca.storage.db.fields import storable
from moca.storage.db.metric_tables import ReconciledAccount
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, Event, Message, is_contact
from moca.storage.delivery_counts import (
    DeliveryCount,
    add_up,
    first_uncounted,
    open_comparison,
    watched,
)
from moca.storage.handlers import handles
from moca.storage.inbound.echoes import ReceivedEcho, record_echoes
from moca.storage.inbound.messages import FOUND, Arrival, store_arrivals
from moca.storage.notifications import store_notification
from moca.storage.unit_of_work import Batch

_MAX_RECENT = 60
_CONVERSATIONS = 3
_CLOCKS_APART = {Role.USER: timedelta(seconds=2), Role.ASSISTANT: timedelta(seconds=30)}
"""For replies, the end of the call is known; Instagram's timestamps are whole seconds."""
_NOT_MISSED = ("self", "deletion")
"""Kinds of events about messages that are not to be stored."""


class MissedMessage(NamedTuple):
    """A message in Instagram's record that never came by webhook."""

    recorded: InboundMessage | Echo
    sent_at: datetime
    is_answered: bool
    """Whether a person wrote to the contact after it, as far as is known."""


class _Stored(NamedTuple):
    mid: str | None
    role: str
    author: str
    text: str
    created_at: datetime
    told_at: datetime | None

    @property
    def sent_at(self) -> datetime:
        return self.told_at or self.created_at


def missing_messages_in(
    messages: Sequence[InboundMessage | Echo], since: datetime, until: datetime
) -> list[MissedMessage]:
    """Return the messages of a thread within a period that are not stored, oldest first.

    `messages` are newest first, as in Instagram's record. A message whose id in the record differs
    from that of its webhook is recognised by its author, text and time.
    """
    listed = {each.mid for each in messages}
    # Timestamps are whole seconds: within one, the order of the record must be kept.
    oldest_first = messages[::-1]
    dated = [(each, each.sent_at) for each in oldest_first if each.sent_at is not None]
    within_span = [(each, at) for each, at in dated if since < at <= until]
    known = _known([each for each, _ in within_span])
    fresh = [(each, at) for each, at in within_span if each.mid not in known]
    if not fresh:
        return []
    recent = _recent_messages(fresh[0][0].contact)
    by_hand = [each.sent_at for each in recent if each.author == Author.HUMAN.value]
    by_hand += [at for each, at in fresh if isinstance(each, Echo)]
    unlisted = [each for each in recent if each.mid not in listed]
    return sorted(
        (
            MissedMessage(each, at, any(other > at for other in by_hand))
            for each, at in fresh
            if not any(_is_twin(each, at, other) for other in unlisted)
        ),
        key=lambda found: found.sent_at,
    )


def _known(messages: Iterable[InboundMessage | Echo]) -> set[str]:
    by_mid = {each.mid: each.contact.account_id for each in messages}
    if not by_mid:
        return set()
    account_id = next(iter(by_mid.values()))
    stored = Message.select(Message.mid).where(
        (Message.mid << list(by_mid)) & (Message.account_id == account_id)
    )
    recorded = Event.select(Event.mid).where(
        (Event.mid << list(by_mid)) & (Event.account_id == account_id) & (Event.kind << _NOT_MISSED)
    )
    return {mid for query in (stored, recorded) for (mid,) in read_rows(query)}


def _recent_messages(contact: ContactKey) -> list[_Stored]:
    conversations = (
        Conversation.select(Conversation.id)
        .join(Contact)
        .where(is_contact(contact))
        .order_by(Conversation.id.desc())
        .limit(_CONVERSATIONS)
    )
    ids = [conversation_id for (conversation_id,) in read_rows(conversations)]
    latest = Message.alias()
    recent = latest.select(latest.id).where(latest.conversation << ids)
    query = Message.select(
        Message.mid,
        Message.role,
        Message.author,
        Message.text,
        Message.created_at,
        Message.sent_at,
    ).where(Message.id << recent.order_by(latest.id.desc()).limit(_MAX_RECENT))
    return [_Stored._make(row) for row in read_rows(query.order_by(Message.id.desc()))]


def _is_twin(recorded: InboundMessage | Echo, at: datetime, stored: _Stored) -> bool:
    role = Role.ASSISTANT if isinstance(recorded, Echo) else Role.USER
    has_same_text = stored.text.strip() == storable(recorded.text).strip()
    is_near = abs(stored.sent_at - at) <= _CLOCKS_APART[role]
    return stored.role == role.value and stored.mid is not None and has_same_text and is_near


_TOO_OLD = "no webhook arrived, and it was found too late to answer"
_BEFORE_US = "it is older than this account's first webhook"
_ANSWERED = "no webhook arrived, and the account has replied since"


@handles(FindDueReconciliations)
def find_due_reconciliations(batch: Batch, commands: Sequence[FindDueReconciliations]) -> None:
    """Claim the accounts whose reconciliation is due, each for one process only."""
    for command in commands:
        found = [_claim(each, command) for each in watched(command.own_account_id)]
        batch.tell(ReconciliationsDue(tuple(look for look in found if look is not None)))


@handles(CompareThread)
def compare_threads(batch: Batch, commands: Sequence[CompareThread]) -> None:
    """Store the messages that never came by webhook, oldest first, as if they had."""
    for command in commands:
        row = ReconciledAccount.get_or_none(ReconciledAccount.account_id == command.account_id)
        if row is not None:
            _compare(batch, command, row)


@handles(EndReconciliation)
def end_reconciliations(_batch: Batch, commands: Sequence[EndReconciliation]) -> None:
    """Record until when accounts have been reconciled."""
    for command in commands:
        ended = ReconciledAccount.update(compared_until=command.until)
        ended.where(ReconciledAccount.account_id == command.account_id).execute()


@handles(ReportSilentAccount)
def report_silent_accounts(batch: Batch, commands: Sequence[ReportSilentAccount]) -> None:
    """Record that an account has gone quiet, and store a notification."""
    for command in commands:
        because = storable(command.because)
        called = ReconciledAccount.update(quiet_since_at=command.since_at, quiet_because=because)
        of_account = ReconciledAccount.account_id == command.account_id
        if called.where(of_account & ReconciledAccount.quiet_since_at.is_null()).execute():
            kind = NotificationKind.ACCOUNT_QUIET
            store_notification(batch, kind, because, command.at, account_id=command.account_id)


def _claim(account_id: str, command: FindDueReconciliations) -> DueReconciliation | None:
    open_comparison(account_id)
    of_account = ReconciledAccount.account_id == account_id
    is_due = ReconciledAccount.looked_at.is_null() | (
        ReconciledAccount.looked_at <= command.at - command.every
    )
    claimed = ReconciledAccount.update(looked_at=command.at)
    if not claimed.where(of_account & is_due).execute():
        return None
    return DueReconciliation(account_id, ReconciledAccount.get(of_account).compared_until)


def _compare(batch: Batch, command: CompareThread, row: Any) -> None:
    if row.has_erased:
        row.has_erased, row.erased_at = False, command.at
        row.save()
    since = max(command.span.since, row.erased_at or command.span.since)
    found = missing_messages_in(command.messages, since, command.span.until)
    if not found:
        return
    heard_since = row.heard_since_at or first_uncounted(command.account_id)
    for each in found:
        _take_in(batch, each, _ruling(each, heard_since, command.at), command.at)
    _count(batch, command, found, heard_since)


def _ruling(found: MissedMessage, heard_since: datetime | None, at: datetime) -> str | None:
    """Return why a message is only stored; None if it is processed as if it had just arrived."""
    if heard_since is None or found.sent_at < heard_since:
        return _BEFORE_US
    if at - found.sent_at > BOT_WINDOW:
        return _TOO_OLD
    return _ANSWERED if found.is_answered else None


def _take_in(batch: Batch, found: MissedMessage, ruling: str | None, at: datetime) -> None:
    recorded = found.recorded
    if isinstance(recorded, Echo):
        takeover = batch.policy_of(recorded.contact.account_id).takeover
        is_current = ruling is None and at - found.sent_at < takeover
        record_echoes(
            batch, [ReceivedEcho(None, at, recorded, is_found=True, takes_over=is_current)]
        )
        return
    message: InboundMessage = replace(recorded, unanswerable=ruling)
    store_arrivals(batch, [Arrival(None, at, message, FOUND)])


def _count(
    batch: Batch,
    command: CompareThread,
    found: Iterable[MissedMessage],
    heard_since: datetime | None,
) -> None:
    missed = [each for each in found if heard_since is not None and each.sent_at >= heard_since]
    account_id = command.account_id
    add_up(DeliveryCount(account_id, hour_of(each.sent_at), missed=1) for each in missed)
    if missed:
        batch.tell(MessagesMissed(account_id, len(missed)))
        detail = {"count": len(missed)}
        kind = FeedKind.ACCOUNT_WEBHOOKS_MISSED
        batch.publish(FeedEvent(kind, command.at, account_id=account_id, detail=detail))
