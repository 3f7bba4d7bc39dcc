from dataclasses import dataclass, field

from moca.core.messages.saved_replies import MAX_SAVED_REPLIES
from moca.storage.db.operator_tables import SavedReply
from moca.storage.db.rows import read_dicts


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReplyRecord:
    """A text that operators send often."""

    id: int
    name: str
    shortcut: str | None
    text: str = field(repr=False)
    """May hold placeholders."""


def list_saved_replies() -> tuple[SavedReplyRecord, ...]:
    """Return the saved replies, sorted by name."""
    query = SavedReply.select().order_by(SavedReply.name).limit(MAX_SAVED_REPLIES)
    return tuple(SavedReplyRecord(**row) for row in read_dicts(query))


def find_saved_reply(reply_id: int) -> SavedReplyRecord | None:
    """Return a saved reply, or None if there is none with this id."""
    rows = read_dicts(SavedReply.select().where(SavedReply.id == reply_id))
    return next((SavedReplyRecord(**row) for row in rows), None)
