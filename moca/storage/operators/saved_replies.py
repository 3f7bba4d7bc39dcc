from collections.abc import Sequence

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.saved_replies import (
    MAX_SAVED_REPLIES,
    AddSavedReply,
    ChangeSavedReply,
    RemoveSavedReply,
    SavedReplyFile,
)
from moca.storage.db.fields import short, storable
from moca.storage.db.operator_tables import SavedReply
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.owners import (
    TAKEN_OR_GONE,
    attach_to_saved_reply,
    detach_from_saved_reply,
    unowned_uploads,
)


@handles(AddSavedReply)
def add_saved_replies(batch: Batch, commands: Sequence[AddSavedReply]) -> None:
    """Store saved replies; no two have the same name or shortcut."""
    for command in commands:
        row = _row(command)
        conflict = _conflict(row) or _conflict_of(command.attached)
        if conflict is None and SavedReply.select().count() >= MAX_SAVED_REPLIES:
            conflict = Conflict(
                f"there are {MAX_SAVED_REPLIES} saved replies already; remove one first"
            )
        if conflict is not None:
            batch.answer(command.receipt, conflict)
            continue
        reply_id = SavedReply.insert(row).execute()
        _attach(command.attached, reply_id)
        batch.answer(command.receipt, Done(reply_id))


@handles(ChangeSavedReply)
def change_saved_replies(batch: Batch, commands: Sequence[ChangeSavedReply]) -> None:
    """Change saved replies."""
    for command in commands:
        is_it, row = SavedReply.id == command.reply_id, _row(command)
        if not SavedReply.select().where(is_it).exists():
            batch.answer(command.receipt, NotFound())
            continue
        conflict = _conflict(row, command.reply_id) or _conflict_of(command.attached)
        if conflict is None and row:
            SavedReply.update(row).where(is_it).execute()
        if conflict is None:
            _attach(command.attached, command.reply_id)
        batch.answer(command.receipt, conflict or Done())


@handles(RemoveSavedReply)
def remove_saved_replies(batch: Batch, commands: Sequence[RemoveSavedReply]) -> None:
    """Delete saved replies."""
    for command in commands:
        removed = SavedReply.delete().where(SavedReply.id == command.reply_id).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())


def _conflict_of(attached: SavedReplyFile | None) -> Conflict | None:
    if attached is None or not isinstance(attached.upload, int):
        return None
    waits = unowned_uploads([attached.upload], attached.at)
    return None if waits else Conflict(TAKEN_OR_GONE)


def _attach(attached: SavedReplyFile | None, reply_id: int) -> None:
    if attached is None:
        return
    if attached.upload is None:
        detach_from_saved_reply(reply_id)
    else:
        attach_to_saved_reply(attached.upload, reply_id, attached.at)


def _row(command: AddSavedReply | ChangeSavedReply) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    if command.name is not None:
        row["name"] = short(command.name)
    if command.shortcut is not None:
        row["shortcut"] = short(command.shortcut) or None
    if command.text is not None:
        row["text"] = storable(command.text)
    return row


def _conflict(row: dict[str, str | None], own_id: int = 0) -> Conflict | None:
    others = SavedReply.select().where(SavedReply.id != own_id)
    if "name" in row and others.where(SavedReply.name == row["name"]).exists():
        return Conflict("another saved reply has this name; choose a different one")
    if row.get("shortcut") and others.where(SavedReply.shortcut == row["shortcut"]).exists():
        return Conflict("another saved reply has this shortcut; choose a different one")
    return None
