from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from moca.core.content.uploads import StoredUpload
from moca.core.messages.command import AuditText, AwaitedCommand


@dataclass(frozen=True, slots=True)
class AddUpload(AwaitedCommand):
    """Keep a file for a message or a saved reply to come. Web -> Persistence."""

    new_row: ClassVar[str] = "upload"

    upload: StoredUpload
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("uploaded a file")
