from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from moca.core.messages.command import AuditText, AwaitedCommand, Command, Receipt
from moca.core.messages.idempotency import RequestKey
from moca.core.types import OperatorRole


@dataclass(frozen=True, slots=True)
class AddOperator(AwaitedCommand):
    """Create an operator who can log in. Web -> Persistence."""

    new_row: ClassVar[str] = "user"

    name: str
    role: OperatorRole
    password_hash: str = field(repr=False)
    at: datetime
    account_ids: tuple[str, ...] = ()
    """Which accounts they are limited to; empty for all."""

    def audit_text(self) -> AuditText:
        limit = f", accounts {', '.join(self.account_ids)}" if self.account_ids else ""
        return AuditText("added a user", f"{self.name}, {self.role.display_name}{limit}")


@dataclass(frozen=True, slots=True)
class ChangeOperator(AwaitedCommand):
    """Change an operator's role or password, and end their sessions. Web -> Persistence."""

    operator_id: int
    role: OperatorRole | None = None
    password_hash: str | None = field(default=None, repr=False)
    name: str = ""
    """For the audit log."""

    def audit_text(self) -> AuditText:
        about = f"user {self.operator_id} ({self.name})"
        if self.role is None:
            return AuditText("changed a user's password", about)
        return AuditText(f"changed a role to {self.role.display_name}", about)


@dataclass(frozen=True, slots=True)
class LimitOperator(AwaitedCommand):
    """Limit an operator to accounts, from their next request on. Web -> Persistence."""

    operator_id: int
    account_ids: tuple[str, ...]
    """Empty for all accounts."""
    name: str = ""
    """For the audit log."""

    def audit_text(self) -> AuditText:
        about = f"user {self.operator_id} ({self.name})"
        if not self.account_ids:
            return AuditText("opened all accounts to a user", about)
        named = ", ".join(self.account_ids)
        return AuditText("limited a user to accounts", f"{about}: {named}")


@dataclass(frozen=True, slots=True)
class ChangeOwnPassword(AwaitedCommand):
    """Change one's own password and end one's other sessions. Web -> Persistence."""

    operator_id: int
    old_hash: str = field(repr=False)
    """The hash against which the old password was checked; if it has changed since, nothing
    changes."""
    new_hash: str = field(repr=False)
    kept_key: str = field(repr=False)
    """The key of the session that stays open."""

    def audit_text(self) -> AuditText:
        return AuditText("changed their password")


@dataclass(frozen=True, slots=True)
class RemoveOperator(AwaitedCommand):
    """Delete an operator, with immediate effect. Web -> Persistence."""

    operator_id: int
    name: str = ""
    """For the audit log."""

    def audit_text(self) -> AuditText:
        return AuditText("removed a user", f"user {self.operator_id} ({self.name})")


@dataclass(frozen=True, slots=True)
class OpenLogin(AwaitedCommand):
    """Open a session after a correct password. Web -> Persistence."""

    key: str = field(repr=False)
    """A hash of the browser's session token."""
    operator_id: int
    password_hash: str = field(repr=False)
    """The hash against which the password was checked; if it has changed since, no session
    opens."""
    at: datetime
    until: datetime
    address: str = ""

    def audit_text(self) -> AuditText:
        return AuditText("logged in")


@dataclass(frozen=True, slots=True)
class OpenLinkSession(AwaitedCommand):
    """Open a session for a browser that followed the login link.

    Web -> Persistence.
    """

    new_row: ClassVar[str] = "session"

    key: str = field(repr=False)
    """A hash of the browser's session token."""
    token_hash: str = field(repr=False)
    address: str
    at: datetime
    until: datetime

    def audit_text(self) -> AuditText:
        return AuditText("logged in with the link", f"from {self.address}")


@dataclass(frozen=True, slots=True)
class MarkLoginSeen(AwaitedCommand):
    """Update when a session was last used. Web -> Persistence."""

    login_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class EndLinkSession(AwaitedCommand):
    """End the session of a browser that followed the login link.

    Web -> Persistence.
    """

    login_id: int

    def audit_text(self) -> AuditText:
        return AuditText("logged out a browser", f"session {self.login_id}")


@dataclass(frozen=True, slots=True)
class CloseLogin(AwaitedCommand):
    """End a session on logout. Web -> Persistence."""

    key: str = field(repr=False)

    def audit_text(self) -> AuditText:
        return AuditText("logged out")


@dataclass(frozen=True, slots=True)
class AssignConversation(AwaitedCommand):
    """Assign a conversation to an operator, or to no one. Web -> Persistence."""

    conversation_id: int
    operator_id: int | None
    name: str = ""
    """For the audit log."""
    by: str = ""
    """Name of the user who assigns it, for the new assignee."""
    by_id: int | None = None
    """The id of the operator who assigns it; None for the link and the API token."""
    at: datetime | None = None
    """None if no one is to be told."""

    def audit_text(self) -> AuditText:
        to = f" to {self.name}" if self.operator_id else " to no one"
        return AuditText(f"assigned a conversation{to}", f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class AddNote(AwaitedCommand):
    """Add a note to a conversation that only operators see. Web -> Persistence."""

    conversation_id: int
    author: str
    text: str = field(repr=False)
    at: datetime
    author_id: int | None = None
    """The id of the operator; None for the link and the API token."""

    def audit_text(self) -> AuditText:
        return AuditText("added a note", f"conversation {self.conversation_id}")


@dataclass(frozen=True, slots=True)
class RemoveNote(AwaitedCommand):
    """Delete a note. Web -> Persistence."""

    note_id: int

    def audit_text(self) -> AuditText:
        return AuditText("removed a note", f"note {self.note_id}")


@dataclass(frozen=True, slots=True)
class MarkRead(AwaitedCommand):
    """Mark a conversation as read by an answering operator. Web -> Persistence."""

    conversation_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MarkMentionsSeen(AwaitedCommand):
    """Mark a conversation's mentions of an operator as seen. Web -> Persistence."""

    conversation_id: int
    operator_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditedCommand(Command):
    """A command with its audit entry. Web -> Persistence."""

    command: AwaitedCommand
    by: str
    what: str
    about: str
    """Only Moca's own ids: the entry outlives its subject."""
    at: datetime
    by_id: int | None = None
    """The id of the operator or link session; None for the API token."""
    new_row: str = ""
    """The kind of row that the command adds, so that the entry holds its id; empty if none."""
    request: RequestKey | None = None
    """Identifies repeats of the request, so that it is carried out once."""

    @property
    def receipt(self) -> Receipt | None:
        """Return the receipt of the command itself."""
        return self.command.receipt


@dataclass(frozen=True, slots=True)
class RecordAudit(AwaitedCommand):
    """Store an audit entry without a command, such as a refused login. Web -> Persistence."""

    by: str
    what: str
    about: str
    at: datetime
    by_id: int | None = None
