from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.command import AuditText, AwaitedCommand


@dataclass(frozen=True, slots=True)
class SaveBotDraft(AwaitedCommand):
    """Store a bot's draft, of a new bot too. Web -> Persistence.

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
    """Publish a bot's draft as its next version. Web -> Persistence.

    Its receipt has the version's number as id.
    """

    name: str
    revision: int
    """The draft's revision that was checked."""
    note: str
    by: str
    at: datetime
    override: str = ""
    """Why it is published although cases failed; empty if none did."""

    def audit_text(self) -> AuditText:
        if not self.override:
            return AuditText("published a bot", f"bot {self.name}")
        return AuditText(
            "published a bot despite failed cases", f"bot {self.name}: {self.override}"
        )


@dataclass(frozen=True, slots=True)
class RollBackBot(AwaitedCommand):
    """Publish an earlier version once more, as the next one. Web -> Persistence.

    Its receipt has the new version's number as id.
    """

    name: str
    version: int
    by: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("rolled back a bot", f"bot {self.name} to version {self.version}")


@dataclass(frozen=True, slots=True)
class DeleteBot(AwaitedCommand):
    """Delete a bot that answers for no account. Web -> Persistence."""

    name: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("deleted a bot", f"bot {self.name}")


@dataclass(frozen=True, slots=True)
class SaveBotCases(AwaitedCommand):
    """Store what is expected of a bot. Web -> Persistence.

    Its receipt has the new revision of the cases as id.
    """

    name: str
    cases: str = field(repr=False)
    """Valid cases, as TOML."""
    revision: int
    """The revision that they change; 0 if there are none yet."""
    by: str
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("saved a bot's cases", f"bot {self.name}")
