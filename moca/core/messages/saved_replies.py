from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from moca.core.content.uploads import StoredUpload
from moca.core.messages.command import AuditText, AwaitedCommand

MAX_SAVED_REPLIES = 200


@dataclass(frozen=True, slots=True)
class SavedReplyFile:
    """The file that is sent with a saved reply, or that from now on none is."""

    upload: StoredUpload | int | None
    """The file, or the id of an upload that is stored already."""
    at: datetime


@dataclass(frozen=True, slots=True)
class AddSavedReply(AwaitedCommand):
    """Store a new saved reply. Web -> Persistence."""

    new_row: ClassVar[str] = "saved reply"

    name: str
    shortcut: str
    """Empty if it has none."""
    text: str = field(repr=False)
    attached: SavedReplyFile | None = None

    def audit_text(self) -> AuditText:
        return AuditText("added a saved reply")


@dataclass(frozen=True, slots=True)
class ChangeSavedReply(AwaitedCommand):
    """Change what is given of a saved reply. Web -> Persistence."""

    reply_id: int
    name: str | None = None
    shortcut: str | None = None
    text: str | None = field(default=None, repr=False)
    attached: SavedReplyFile | None = None

    def audit_text(self) -> AuditText:
        return AuditText("changed a saved reply", f"saved reply {self.reply_id}")


@dataclass(frozen=True, slots=True)
class RemoveSavedReply(AwaitedCommand):
    """Delete a saved reply. Web -> Persistence."""

    reply_id: int

    def audit_text(self) -> AuditText:
        return AuditText("removed a saved reply", f"saved reply {self.reply_id}")
