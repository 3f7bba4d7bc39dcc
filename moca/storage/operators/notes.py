from collections.abc import Sequence
from typing import Any

from moca.core.messages.operators import (
    AddNote,
    MarkRead,
    RemoveNote,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.receipt import Done, NotFound
from moca.storage.db.fields import short, storable
from moca.storage.db.operator_tables import Note, SavedAnswer
from moca.storage.db.tables import Conversation
from moca.storage.unit_of_work import Batch


def add_notes(batch: Batch, commands: Sequence[AddNote]) -> None:
    """Write what colleagues are to know of conversations."""
    for command in commands:
        known: Any = Conversation.select().where(Conversation.id == command.conversation_id)
        if not known.exists():
            batch.answer(command.receipt, NotFound())
            continue
        note_id = Note.insert(
            conversation=command.conversation_id,
            author=short(command.author),
            text=storable(command.text),
            created_at=command.at,
        ).execute()
        batch.answer(command.receipt, Done(note_id))


def remove_notes(batch: Batch, commands: Sequence[RemoveNote]) -> None:
    """Take notes away."""
    for command in commands:
        removed = Note.delete().where(Note.id == command.note_id).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())


def mark_read(batch: Batch, commands: Sequence[MarkRead]) -> None:
    """Note up to when conversations were looked at; never earlier than known."""
    for command in commands:
        is_it = Conversation.id == command.conversation_id
        is_later = Conversation.read_at.is_null() | (Conversation.read_at < command.at)
        changed: Any = Conversation.update(read_at=command.at)
        changed.where(is_it & is_later).execute()
        batch.answer(command.receipt, Done())


def save_answers(batch: Batch, commands: Sequence[SaveAnswer]) -> None:
    """Keep answers by name; one of a name that is known takes its place."""
    for command in commands:
        name, text = short(command.name), storable(command.text)
        changed: Any = SavedAnswer.update(text=text)
        if not changed.where(SavedAnswer.name == name).execute():
            SavedAnswer.insert(name=name, text=text).execute()
        batch.answer(command.receipt, Done())


def remove_saved_answers(batch: Batch, commands: Sequence[RemoveSavedAnswer]) -> None:
    """Forget saved answers."""
    for command in commands:
        removed = SavedAnswer.delete().where(SavedAnswer.id == command.answer_id).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())
