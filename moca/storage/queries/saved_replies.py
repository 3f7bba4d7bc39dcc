from dataclasses import dataclass, field

from moca.core.messages.saved_replies import MAX_SAVED_REPLIES
from moca.storage.db.operator_tables import SavedReply
from moca.storage.db.rows import read_dicts
from moca.storage.queries.composer.uploads import UploadRecord, uploads_of_saved_replies


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReplyRecord:
    """A text that operators send often."""

    id: int
    name: str
    shortcut: str | None
    text: str = field(repr=False)
    """May hold placeholders."""
    file: UploadRecord | None = None
    """The file that is sent with it."""


def list_saved_replies() -> tuple[SavedReplyRecord, ...]:
    """Return the saved replies, sorted by name."""
    query = SavedReply.select().order_by(SavedReply.name).limit(MAX_SAVED_REPLIES)
    rows = list(read_dicts(query))
    files = uploads_of_saved_replies(row["id"] for row in rows)
    return tuple(SavedReplyRecord(**row, file=files.get(row["id"])) for row in rows)


def find_saved_reply(reply_id: int) -> SavedReplyRecord | None:
    """Return a saved reply, or None if there is none with this id."""
    rows = read_dicts(SavedReply.select().where(SavedReply.id == reply_id))
    files = uploads_of_saved_replies([reply_id])
    return next((SavedReplyRecord(**row, file=files.get(reply_id)) for row in rows), None)
