from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from moca.core.messages.command import AuditText, AwaitedCommand, Command
from moca.core.types import OperatorRole

MAX_API_KEYS = 100


@dataclass(frozen=True, slots=True)
class AddApiKey(AwaitedCommand):
    """Store a new API key. Web -> Persistence."""

    new_row: ClassVar[str] = "API key"

    name: str
    key_hash: str = field(repr=False)
    role: OperatorRole
    account_ids: tuple[str, ...]
    """Which accounts it is limited to; empty for no limit."""
    expires_at: datetime | None
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("added an API key", f"{self.name}, {self.role.scope}")


@dataclass(frozen=True, slots=True)
class RevokeApiKey(AwaitedCommand):
    """Delete an API key, with immediate effect. Web -> Persistence."""

    key_id: int

    def audit_text(self) -> AuditText:
        return AuditText("revoked an API key", f"API key {self.key_id}")


@dataclass(frozen=True, slots=True)
class MarkApiKeyUsed(Command):
    """Update when an API key was last used. Web -> Persistence."""

    key_id: int
    at: datetime
