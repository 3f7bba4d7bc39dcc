from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import (
    ChangeConversation,
    ConversationChanged,
    UndoClose,
)
from moca.core.reasons import because_held, because_stopped
from moca.core.types import ContactKey, ConversationStatus
from moca.storage.conversations.needs_reply import ask_for_reply, mark_replied, restore_need
from moca.storage.conversations.snooze import end_snooze
from moca.storage.conversations.undo import forget_close, note_close, state_of, undo_close
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import IS_CURRENT, Contact, Conversation
from moca.storage.handlers import handles
from moca.storage.messages.contact_conversations import note_teammate_hold
from moca.storage.operators.assignments import unassign_if_unseen
from moca.storage.outbox.cancel import end_teammates_drafts, silence_bot
from moca.storage.reports import Resolution, count_resolution
from moca.storage.unit_of_work import Batch

_HAS_OTHER = "the contact has another open conversation"


class ConversationState(NamedTuple):
    """A conversation's stored status, with its contact."""

    contact_id: int
    status: str
    held_until: datetime | None
    account_id: str
    psid: str
    created_at: datetime
    person_until: datetime | None

    @property
    def contact(self) -> ContactKey:
        """The contact of the conversation."""
        return ContactKey(self.account_id, self.psid)

    def status_at(self, at: datetime) -> ConversationStatus:
        """Return the status at an instant; an expired hold counts as open."""
        if self.held_until is not None and self.held_until <= at:
            return ConversationStatus.OPEN
        return ConversationStatus(self.status)


@handles(ChangeConversation)
def change_conversations(batch: Batch, commands: Sequence[ChangeConversation]) -> None:
    """Change who may answer. If the bot may not, its pending replies are cancelled."""
    for command in commands:
        place = find_place(command.conversation_id)
        if place is None:
            batch.answer(command.receipt, NotFound())
            continue
        conflict = _conflict(command, place)
        if conflict is None:
            _change(batch, command, place)
        batch.answer(command.receipt, Done() if conflict is None else Conflict(conflict))


@handles(UndoClose)
def undo_closes(batch: Batch, commands: Sequence[UndoClose]) -> None:
    """Undo the closing of conversations. One that has changed since stays as it is."""
    for command in commands:
        place = find_place(command.conversation_id)
        if place is None:
            batch.answer(command.receipt, NotFound())
        elif place.status != ConversationStatus.CLOSED:
            batch.answer(command.receipt, Conflict("the conversation has been reopened since"))
        elif _has_current(place.contact_id):
            batch.answer(command.receipt, Conflict(_HAS_OTHER))
        else:
            batch.answer(command.receipt, _undo_close(batch, command, place.contact))


def _undo_close(batch: Batch, command: UndoClose, contact: ContactKey) -> Done | Conflict:
    hold = undo_close(command.conversation_id, command.at, command.closed_at)
    if hold is None:
        return Conflict("the conversation has been reopened and closed again since")
    unassign_if_unseen(command.conversation_id)
    batch.tell_changed(ConversationChanged(contact, command.conversation_id, *hold), command.at)
    return Done()


def _conflict(command: ChangeConversation, place: ConversationState) -> str | None:
    status, target = place.status_at(command.at), command.status
    if command.among and status not in command.among:
        return f"the conversation is {status}"
    prolongs = target in (ConversationStatus.PAUSED, ConversationStatus.HUMAN)
    if status is target and not prolongs:
        return f"the conversation is already {status}"
    if status is ConversationStatus.CLOSED:
        if target is not ConversationStatus.OPEN:
            return "the conversation is closed"
        if _has_current(place.contact_id):
            return _HAS_OTHER
    return None


def _change(batch: Batch, command: ChangeConversation, place: ConversationState) -> None:
    status, at = command.status, command.at
    before = state_of(command.conversation_id) if status is ConversationStatus.CLOSED else {}
    holds = status in (ConversationStatus.PAUSED, ConversationStatus.HUMAN)
    until = command.until if holds else None
    by = command.by if status is ConversationStatus.HUMAN else None
    changed = Conversation.update(status=status.value, held_until=until, held_by=by or None)
    changed.where(Conversation.id == command.conversation_id).execute()
    note_teammate_hold(command.conversation_id, until or at)
    if status is not ConversationStatus.OPEN:
        because = because_stopped(status, place.status_at(at))
        silence_bot(batch, command.conversation_id, because, at)
    if status is ConversationStatus.CLOSED:
        end_teammates_drafts(batch, command.conversation_id, because_held(status), at)
        end_snooze(command.conversation_id, at)
        counted = count_resolution(_resolution(command, place))
        note_close(command.conversation_id, at, before, counted)
    if place.status == ConversationStatus.CLOSED:
        forget_close(command.conversation_id)
        unassign_if_unseen(command.conversation_id)
        restore_need(command.conversation_id, at)
    elif status in (ConversationStatus.OPEN, ConversationStatus.CLOSED):
        mark_replied(command.conversation_id)
    elif status is ConversationStatus.HUMAN and place.status_at(at) is not status:
        ask_for_reply([command.conversation_id], at)
    now_held = ConversationChanged(place.contact, command.conversation_id, status, until)
    batch.tell_changed(now_held, at)


def _resolution(command: ChangeConversation, place: ConversationState) -> Resolution:
    return Resolution(
        account_id=place.account_id,
        conversation_id=command.conversation_id,
        name=command.by,
        at=command.at,
        began_at=place.created_at,
        was_never_held=place.person_until is None,
    )


def _has_current(contact_id: int) -> bool:
    query = Conversation.select().where((Conversation.contact == contact_id) & IS_CURRENT)
    return bool(query.exists())


def find_place(conversation_id: int) -> ConversationState | None:
    """Read and lock a conversation for a change; None if there is none."""
    query = (
        Conversation.select(
            Conversation.contact,
            Conversation.status,
            Conversation.held_until,
            Contact.account_id,
            Contact.psid,
            Conversation.created_at,
            Conversation.person_until,
        )
        .join(Contact)
        .where(Conversation.id == conversation_id)
    )
    if Conversation._meta.database.for_update:  # noqa: SLF001
        query = query.for_update(of=Conversation)
    rows = [ConversationState._make(row) for row in read_rows(query)]
    return rows[0] if rows else None
