from collections.abc import Sequence

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.housekeeping import RetentionApplied
from moca.core.messages.labels import (
    MAX_LABELS,
    MAX_LABELS_OF_CONVERSATION,
    AddLabel,
    ChangeLabel,
    LabelConversation,
    RemoveLabel,
)
from moca.core.types import fold_name
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import IS_KNOWN_LABEL, ConversationLabel, Label
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(AddLabel)
def add_labels(batch: Batch, commands: Sequence[AddLabel]) -> None:
    """Store labels; no two have the same name."""
    for command in commands:
        row = _row(command)
        conflict = _conflict(row)
        if conflict is None and Label.select().where(IS_KNOWN_LABEL).count() >= MAX_LABELS:
            conflict = Conflict(f"there are {MAX_LABELS} labels already; remove one first")
        batch.answer(command.receipt, conflict or Done(Label.insert(row).execute()))


@handles(ChangeLabel)
def change_labels(batch: Batch, commands: Sequence[ChangeLabel]) -> None:
    """Change labels."""
    for command in commands:
        row, is_it = _row(command), (Label.id == command.label_id) & IS_KNOWN_LABEL
        if not Label.select().where(is_it).exists():
            batch.answer(command.receipt, NotFound())
            continue
        conflict = _conflict(row, command.label_id)
        if conflict is None and row:
            Label.update(row).where(is_it).execute()
        batch.answer(command.receipt, conflict or Done())


@handles(RemoveLabel)
def remove_labels(batch: Batch, commands: Sequence[RemoveLabel]) -> None:
    """Remove labels; the rows of their conversations are deleted by retention, in batches."""
    for command in commands:
        is_it = (Label.id == command.label_id) & IS_KNOWN_LABEL
        removed = Label.update(folded_name=None).where(is_it).execute()
        if removed:
            batch.tell(RetentionApplied(has_more=True))
        batch.answer(command.receipt, Done() if removed else NotFound())


def delete_removed_labels(portion: int) -> bool:
    """Delete a batch of what is left of removed labels; False if there was nothing."""
    gone = Label.select(Label.id).where(Label.folded_name.is_null()).limit(portion)
    removed = [label_id for (label_id,) in read_rows(gone)]
    for label_id in removed:
        has_it = ConversationLabel.label == label_id
        query = ConversationLabel.select(ConversationLabel.conversation).where(has_it)
        ids = [conversation_id for (conversation_id,) in read_rows(query.limit(portion))]
        if not ids:
            Label.delete().where(Label.id == label_id).execute()
            continue
        among = ConversationLabel.conversation << ids
        ConversationLabel.delete().where(has_it & among).execute()
        break
    return bool(removed)


@handles(LabelConversation)
def label_conversations(batch: Batch, commands: Sequence[LabelConversation]) -> None:
    """Change the labels of conversations, closed ones too. What is so already is not an error."""
    for command in commands:
        batch.answer(command.receipt, _label(command))


def _label(command: LabelConversation) -> Done | Conflict | NotFound:
    found = Conversation.select(Conversation.last_activity_at)
    row = found.where(Conversation.id == command.conversation_id).tuples().first()
    if row is None:
        return NotFound()
    added = set(command.added)
    if Label.select().where((Label.id << added) & IS_KNOWN_LABEL).count() < len(added):
        return Conflict("this label has been removed")
    is_its = ConversationLabel.conversation == command.conversation_id
    query = (
        ConversationLabel.select(ConversationLabel.label).join(Label).where(is_its & IS_KNOWN_LABEL)
    )
    before = {label_id for (label_id,) in read_rows(query)}
    kept = set() if command.removed is None else before - set(command.removed)
    if len(kept | added) > max(MAX_LABELS_OF_CONVERSATION, len(before)):
        most = MAX_LABELS_OF_CONVERSATION
        return Conflict(f"a conversation has at most {most} labels; remove one first")
    gone = before - kept - added
    ConversationLabel.delete().where(is_its & (ConversationLabel.label << gone)).execute()
    for label_id in sorted(added - before):
        ConversationLabel.insert(
            conversation=command.conversation_id, label=label_id, last_activity_at=row[0]
        ).execute()
    return Done()


def _row(command: AddLabel | ChangeLabel) -> dict[str, str]:
    row: dict[str, str] = {}
    if command.name is not None:
        row["name"] = short(command.name)
        row["folded_name"] = short(fold_name(row["name"]))
    if command.colour is not None:
        row["colour"] = command.colour
    return row


def _conflict(row: dict[str, str], own_id: int = 0) -> Conflict | None:
    others = Label.select().where(Label.id != own_id)
    if "name" in row and others.where(Label.folded_name == row["folded_name"]).exists():
        return Conflict("another label has this name; choose a different one")
    return None
