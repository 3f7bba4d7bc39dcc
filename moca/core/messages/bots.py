from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.command import AuditText, AwaitedCommand


@dataclass(frozen=True, slots=True)
class SaveBotDraft(AwaitedCommand):
    """Store a bot's draft, of a new bot too. Web -> Supervisor -> Persistence.

    Its receipt has the draft's new revision as id.
    """

    name: str
    document: str = field(repr=False)
    """A valid document, as TOML."""
    revision: int
    """The revision that it changes; 0 for a new bot."""
    by: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("saved a bot's draft", f"bot {self.name}")


@dataclass(frozen=True, slots=True)
class PublishBot(AwaitedCommand):
    """Publish a bot's draft as its next version. Web -> Supervisor -> Persistence.

    Its receipt has the version's number as id.
    """

    name: str
    revision: int
    """The draft's revision that was checked."""
    note: str
    by: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("published a bot", f"bot {self.name}")


@dataclass(frozen=True, slots=True)
class RollBackBot(AwaitedCommand):
    """Publish an earlier version once more, as the next one. Web -> Supervisor -> Persistence.

    Its receipt has the new version's number as id.
    """

    name: str
    version: int
    by: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("rolled back a bot", f"bot {self.name} to version {self.version}")
