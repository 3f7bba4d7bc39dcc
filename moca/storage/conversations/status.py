from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.messages.operator_actions import ChangeConversation, ConversationChanged
from moca.core.messages.receipt import Conflict, Done, NotFound
from moca.core.types import ContactKey, ConversationStatus
from moca.storage.db.tables import IS_CURRENT, Contact, Conversation
from moca.storage.messages.contact_conversations import leave_to_person
from moca.storage.outbox.cancel import silence_bot
from moca.storage.unit_of_work import Batch

_BECAUSE = {
    ConversationStatus.CLOSED: "the conversation was closed",
    ConversationStatus.PAUSED: "the conversation was paused",
    ConversationStatus.HUMAN: "a person took over the conversation",
}


class Place(NamedTuple):
    """A conversation as far as it says who may answer."""

    contact_id: int
    status: str
    held_until: datetime | None
    account_id: str
    psid: str

    @property
    def contact(self) -> ContactKey:
        """Whose it is."""
        return ContactKey(self.account_id, self.psid)

    def status_at(self, at: datetime) -> ConversationStatus:
        """Tell who may answer at an instant: a hold that ran out is none."""
        if self.held_until is not None and self.held_until <= at:
            return ConversationStatus.OPEN
        return ConversationStatus(self.status)


def change_conversations(batch: Batch, commands: Sequence[ChangeConversation]) -> None:
    """Change who may answer; what the bot was about to say ends where it may not."""
    for command in commands:
        place = find_place(command.conversation_id)
        if place is None:
            batch.answer(command.receipt, NotFound())
            continue
        conflict = _conflict(command, place)
        if conflict is None:
            _change(batch, command, place)
        batch.answer(command.receipt, Done() if conflict is None else Conflict(conflict))


def _conflict(command: ChangeConversation, place: Place) -> str | None:
    status, wanted = place.status_at(command.at), command.status
    if command.among and status not in command.among:
        return f"the conversation is {status}"
    prolongs = wanted in (ConversationStatus.PAUSED, ConversationStatus.HUMAN)
    if status is wanted and not prolongs:
        return f"the conversation is already {status}"
    if status is ConversationStatus.CLOSED:
        if wanted is not ConversationStatus.OPEN:
            return "the conversation is closed"
        if _has_current(place.contact_id):
            return "the contact has another open conversation"
    return None


def _change(batch: Batch, command: ChangeConversation, place: Place) -> None:
    status, at = command.status, command.at
    holds = status in (ConversationStatus.PAUSED, ConversationStatus.HUMAN)
    until = command.until if holds else None
    by = command.by if status is ConversationStatus.HUMAN else None
    changed: Any = Conversation.update(status=status.value, held_until=until, held_by=by or None)
    changed.where(Conversation.id == command.conversation_id).execute()
    leave_to_person(command.conversation_id, until or at)
    if status is not ConversationStatus.OPEN:
        silence_bot(batch, command.conversation_id, _BECAUSE[status], at)
    batch.tell(ConversationChanged(place.contact, command.conversation_id, status, until))


def _has_current(contact_id: int) -> bool:
    query: Any = Conversation.select().where((Conversation.contact == contact_id) & IS_CURRENT)
    return bool(query.exists())


def find_place(conversation_id: int) -> Place | None:
    """Look a conversation up for a change; None if there is none."""
    query: Any = (
        Conversation.select(
            Conversation.contact,
            Conversation.status,
            Conversation.held_until,
            Contact.account_id,
            Contact.psid,
        )
        .join(Contact)
        .where(Conversation.id == conversation_id)
    )
    if Conversation._meta.database.for_update:  # noqa: SLF001
        query = query.for_update(of=Conversation)
    rows = [Place._make(row) for row in query.tuples()]
    return rows[0] if rows else None
