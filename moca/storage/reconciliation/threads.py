from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.reconciliation import (
    CallQuiet,
    CompareThread,
    DueLook,
    EndLook,
    FindDueLooks,
    LooksDue,
    MessagesMissed,
)
from moca.core.notifications import NoticeKind
from moca.core.reconciliation.silence import hour_of
from moca.core.types import Author, ContactKey, Role
from moca.storage.db.fields import storable
from moca.storage.db.metric_tables import Comparison
from moca.storage.db.tables import Contact, Conversation, Event, Message, is_contact
from moca.storage.delivery_counts import Tally, add_up, first_uncounted, open_comparison, watched
from moca.storage.inbound.echoes import Heard, hear_echoes
from moca.storage.inbound.messages import FOUND, Arrival, store_arrivals
from moca.storage.notifications import give_notice
from moca.storage.unit_of_work import Batch

_LATELY = 60
_CONVERSATIONS = 3
_CLOCKS_APART = {Role.USER: timedelta(seconds=2), Role.ASSISTANT: timedelta(seconds=30)}
"""Of a reply we know when the call had ended, and Instagram tells whole seconds."""
_NOT_MISSED = ("self", "deletion")
"""Kinds of events that tell of a message which is not to be stored."""


class Found(NamedTuple):
    """A message of the record that no webhook told."""

    told: InboundMessage | Echo
    sent_at: datetime
    is_answered: bool
    """Whether a person wrote to the contact after it, as far as can be told."""


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


def never_came(
    messages: Sequence[InboundMessage | Echo], since: datetime, until: datetime
) -> list[Found]:
    """Tell which of a thread's messages are not stored, oldest first; only those of that span.

    They are given newest first, as the record tells them. Should it call a message otherwise than
    its webhook did, that one is known by its writer, its text and its instant.
    """
    listed = {each.mid for each in messages}
    # Instants are whole seconds: within one, the order of the record must hold.
    oldest_first = messages[::-1]
    dated = [(each, each.sent_at) for each in oldest_first if each.sent_at is not None]
    wanted = [(each, at) for each, at in dated if since < at <= until]
    known = _known([each for each, _ in wanted])
    fresh = [(each, at) for each, at in wanted if each.mid not in known]
    if not fresh:
        return []
    lately = _lately(fresh[0][0].contact)
    by_hand = [each.sent_at for each in lately if each.author == Author.HUMAN.value]
    by_hand += [at for each, at in fresh if isinstance(each, Echo)]
    unlisted = [each for each in lately if each.mid not in listed]
    return sorted(
        (
            Found(each, at, any(other > at for other in by_hand))
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
    stored: Any = Message.select(Message.mid).where(
        (Message.mid << list(by_mid)) & (Message.account_id == account_id)
    )
    told: Any = Event.select(Event.mid).where(
        (Event.mid << list(by_mid)) & (Event.account_id == account_id) & (Event.kind << _NOT_MISSED)
    )
    return {mid for query in (stored, told) for (mid,) in query.tuples()}


def _lately(contact: ContactKey) -> list[_Stored]:
    conversations: Any = (
        Conversation.select(Conversation.id)
        .join(Contact)
        .where(is_contact(contact))
        .order_by(Conversation.id.desc())
        .limit(_CONVERSATIONS)
    )
    ids = [conversation_id for (conversation_id,) in conversations.tuples()]
    latest = Message.alias()
    lately: Any = latest.select(latest.id).where(latest.conversation << ids)
    query: Any = Message.select(
        Message.mid,
        Message.role,
        Message.author,
        Message.text,
        Message.created_at,
        Message.sent_at,
    ).where(Message.id << lately.order_by(latest.id.desc()).limit(_LATELY))
    return [_Stored._make(row) for row in query.order_by(Message.id.desc()).tuples()]


def _is_twin(told: InboundMessage | Echo, at: datetime, stored: _Stored) -> bool:
    role = Role.ASSISTANT if isinstance(told, Echo) else Role.USER
    says_the_same = stored.text.strip() == storable(told.text).strip()
    is_near = abs(stored.sent_at - at) <= _CLOCKS_APART[role]
    return stored.role == role.value and stored.mid is not None and says_the_same and is_near


_ANSWERABLE = timedelta(hours=24)
_TOO_OLD = "it never came by webhook, and was found too late to be answered"
_BEFORE_US = "it is older than the first webhook that came for this account"
_ANSWERED = "it never came by webhook, and the account has written since"


def find_due_looks(batch: Batch, commands: Sequence[FindDueLooks]) -> None:
    """Choose the accounts whose last look began so long ago; each is told to one process only."""
    for command in commands:
        found = [_claim(each, command) for each in watched(command.own_account_id)]
        batch.tell(LooksDue(tuple(look for look in found if look is not None)))


def compare_threads(batch: Batch, commands: Sequence[CompareThread]) -> None:
    """Take in what never came by webhook, as if it had come, the oldest first."""
    for command in commands:
        row = Comparison.get_or_none(Comparison.account_id == command.account_id)
        if row is not None:
            _compare(batch, command, row)


def end_looks(_batch: Batch, commands: Sequence[EndLook]) -> None:
    """Remember up to when an account was compared."""
    for command in commands:
        ended: Any = Comparison.update(compared_until=command.until)
        ended.where(Comparison.account_id == command.account_id).execute()


def call_quiet(batch: Batch, commands: Sequence[CallQuiet]) -> None:
    """Write down that an account has gone quiet, and have people told."""
    for command in commands:
        because = storable(command.because)
        called: Any = Comparison.update(quiet_since_at=command.since_at, quiet_because=because)
        of_account = Comparison.account_id == command.account_id
        if called.where(of_account & Comparison.quiet_since_at.is_null()).execute():
            kind = NoticeKind.ACCOUNT_QUIET
            give_notice(batch, kind, because, command.at, account_id=command.account_id)


def _claim(account_id: str, command: FindDueLooks) -> DueLook | None:
    open_comparison(account_id)
    of_account = Comparison.account_id == account_id
    is_due = Comparison.looked_at.is_null() | (Comparison.looked_at <= command.at - command.every)
    claimed: Any = Comparison.update(looked_at=command.at)
    if not claimed.where(of_account & is_due).execute():
        return None
    return DueLook(account_id, Comparison.get(of_account).compared_until)


def _compare(batch: Batch, command: CompareThread, row: Any) -> None:
    if row.has_erased:
        row.has_erased, row.erased_at = False, command.at
        row.save()
    since = max(command.span.since, row.erased_at or command.span.since)
    found = never_came(command.messages, since, command.span.until)
    if not found:
        return
    heard_since = row.heard_since_at or first_uncounted(command.account_id)
    for each in found:
        _take_in(batch, each, _ruling(each, heard_since, command.at), command.at)
    _count(batch, command.account_id, found, heard_since)


def _ruling(found: Found, heard_since: datetime | None, at: datetime) -> str | None:
    """Say why a message is only written down; None where it counts as if it had just come."""
    if heard_since is None or found.sent_at < heard_since:
        return _BEFORE_US
    if at - found.sent_at > _ANSWERABLE:
        return _TOO_OLD
    return _ANSWERED if found.is_answered else None


def _take_in(batch: Batch, found: Found, ruling: str | None, at: datetime) -> None:
    told = found.told
    if isinstance(told, Echo):
        is_current = ruling is None and at - found.sent_at < batch.policy.takeover
        hear_echoes(batch, [Heard(None, at, told, is_found=True, takes_over=is_current)])
        return
    message: InboundMessage = replace(told, unanswerable=ruling)
    store_arrivals(batch, [Arrival(None, at, message, FOUND)])


def _count(
    batch: Batch, account_id: str, found: Iterable[Found], heard_since: datetime | None
) -> None:
    missed = [each for each in found if heard_since is not None and each.sent_at >= heard_since]
    add_up(Tally(account_id, hour_of(each.sent_at), missed=1) for each in missed)
    if missed:
        batch.tell(MessagesMissed(account_id, len(missed)))
