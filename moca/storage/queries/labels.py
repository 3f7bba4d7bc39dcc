from collections.abc import Sequence
from typing import Any

from peewee import fn

from moca.core.messages.labels import MAX_LABELS, LabelColour
from moca.core.types import fold_name
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import IS_KNOWN_LABEL, ConversationLabel, Label
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import Conversation
from moca.storage.queries.pagination import instant_of
from moca.storage.queries.records import LabelRecord

_COLUMNS = (Label.id, Label.name, Label.colour)
LATEST_OF_LABEL = (ConversationLabel.last_activity_at.desc(), ConversationLabel.conversation.desc())


def list_labels() -> tuple[LabelRecord, ...]:
    """Return the labels, sorted by name."""
    query = Label.select(*_COLUMNS).where(IS_KNOWN_LABEL).order_by(Label.folded_name)
    return tuple(map(_record, read_dicts(query.limit(MAX_LABELS))))


def find_label(label_id: int) -> LabelRecord | None:
    """Return a label, or None if there is none with this id."""
    rows = read_dicts(Label.select(*_COLUMNS).where((Label.id == label_id) & IS_KNOWN_LABEL))
    return next(map(_record, rows), None)


def find_label_named(name: str) -> LabelRecord | None:
    """Return the label of this name, in whatever case; None if there is none."""
    is_it = Label.folded_name == short(fold_name(name))
    return next(map(_record, read_dicts(Label.select(*_COLUMNS).where(is_it))), None)


def labels_of(conversation_ids: Sequence[int]) -> dict[int, tuple[LabelRecord, ...]]:
    """Return the labels of conversations by their ids, sorted by name; those without are absent."""
    query = ConversationLabel.select(ConversationLabel.conversation, *_COLUMNS).join(Label)
    among = (ConversationLabel.conversation << conversation_ids) & IS_KNOWN_LABEL
    found: dict[int, tuple[LabelRecord, ...]] = {}
    for conversation_id, *label in read_rows(query.where(among).order_by(Label.folded_name)):
        record = LabelRecord(label[0], label[1], LabelColour(label[2]))
        found[conversation_id] = (*found.get(conversation_id, ()), record)
    return found


def with_label(query: Any, label_id: int) -> Any:
    """Narrow a query to conversations with a label; `LATEST_OF_LABEL` is their index's order."""
    is_its = ConversationLabel.conversation == Conversation.id
    joined = query.switch(Conversation).join(ConversationLabel, on=is_its)
    return joined.where(ConversationLabel.label == label_id)


def keys_with_label(label_id: int) -> Any:
    """Return the query for the keys of the conversations with a label, from its index alone."""
    conversation_id = ConversationLabel.conversation.alias("id")
    keys = ConversationLabel.select(conversation_id, ConversationLabel.last_activity_at)
    return keys.where(ConversationLabel.label == label_id)


def comes_after_of_label(activity_us: int, conversation_id: int) -> Any:
    """Return the condition for conversations with a label after a key."""
    at = instant_of(activity_us)
    known = ConversationLabel.last_activity_at
    is_later = (known < at) | (ConversationLabel.conversation < conversation_id)
    # The first part lets the index begin at the key.
    return (known <= at) & is_later


def has_label(label_id: int) -> Any:
    """Return the condition that a conversation has a label."""
    is_its = (ConversationLabel.conversation == Conversation.id) & (
        ConversationLabel.label == label_id
    )
    return fn.EXISTS(ConversationLabel.select(ConversationLabel.label).where(is_its))


def _record(row: dict[str, Any]) -> LabelRecord:
    return LabelRecord(row["id"], row["name"], LabelColour(row["colour"]))
