from collections.abc import Sequence

from moca.core.messages.command import Done, NotFound
from moca.core.messages.operators import (
    AddNote,
    MarkRead,
    RemoveNote,
)
from moca.storage.db.fields import short, storable
from moca.storage.db.operator_tables import Note
from moca.storage.db.tables import Conversation
from moca.storage.handlers import handles
from moca.storage.operators.mentions import store_mentions
from moca.storage.unit_of_work import Batch


@handles(AddNote)
def add_notes(batch: Batch, commands: Sequence[AddNote]) -> None:
    """Add operators' notes to conversations."""
    for command in commands:
        known = Conversation.select().where(Conversation.id == command.conversation_id)
        if not known.exists():
            batch.answer(command.receipt, NotFound())
            continue
        note_id = Note.insert(
            conversation=command.conversation_id,
            author=short(command.author),
            text=storable(command.text),
            created_at=command.at,
        ).execute()
        store_mentions(note_id, command)
        batch.answer(command.receipt, Done(note_id))


@handles(RemoveNote)
def remove_notes(batch: Batch, commands: Sequence[RemoveNote]) -> None:
    """Delete notes."""
    for command in commands:
        removed = Note.delete().where(Note.id == command.note_id).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())


@handles(MarkRead)
def mark_read(batch: Batch, commands: Sequence[MarkRead]) -> None:
    """Set until when conversations were read; the timestamp never moves back."""
    for command in commands:
        is_it = Conversation.id == command.conversation_id
        is_later = Conversation.read_at.is_null() | (Conversation.read_at < command.at)
        changed = Conversation.update(read_at=command.at)
        changed.where(is_it & is_later).execute()
        batch.answer(command.receipt, Done())
