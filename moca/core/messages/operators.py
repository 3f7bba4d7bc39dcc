from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.messages.idempotency import RequestKey
from moca.core.messages.receipt import Receipt
from moca.core.types import Right


@dataclass(frozen=True, slots=True)
class AddOperator:
    """Let a person log in. Web -> Supervisor -> Persistence."""

    name: str
    right: Right
    password_hash: str = field(repr=False)
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ChangeOperator:
    """Change what an operator may do, or the password, and end their logins. Web -> Persistence."""

    operator_id: int
    right: Right | None = None
    password_hash: str | None = field(default=None, repr=False)
    receipt: Receipt | None = field(default=None, repr=False, compare=False)
    name: str = ""
    """For the audit log."""


@dataclass(frozen=True, slots=True)
class ChangeOwnPassword:
    """Change one's own password, and end one's other logins. Web -> Supervisor -> Persistence."""

    operator_id: int
    old_hash: str = field(repr=False)
    """By which the old password was found right; if it changed meanwhile, nothing changes."""
    new_hash: str = field(repr=False)
    kept_key: str = field(repr=False)
    """Of the login that goes on."""
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveOperator:
    """Let a person in no more, from now on. Web -> Supervisor -> Persistence."""

    operator_id: int
    receipt: Receipt | None = field(default=None, repr=False, compare=False)
    name: str = ""
    """For the audit log."""


@dataclass(frozen=True, slots=True)
class OpenLogin:
    """An operator gave the right password. Web -> Supervisor -> Persistence."""

    key: str = field(repr=False)
    """A hash of what the browser was given."""
    operator_id: int
    password_hash: str = field(repr=False)
    """By which the password was found right; if it changed meanwhile, nothing is opened."""
    at: datetime
    until: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)
    address: str = ""


@dataclass(frozen=True, slots=True)
class OpenLinkSession:
    """A browser opened the link. Web -> Supervisor -> Persistence."""

    key: str = field(repr=False)
    """A hash of what the browser was given."""
    token_hash: str = field(repr=False)
    address: str
    at: datetime
    until: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MarkLoginSeen:
    """A browser that is let in was seen again. Web -> Supervisor -> Persistence."""

    login_id: int
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class EndLinkSession:
    """Let a browser that opened the link in no more. Web -> Supervisor -> Persistence."""

    login_id: int
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CloseLogin:
    """A browser logged out. Web -> Supervisor -> Persistence."""

    key: str = field(repr=False)
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Logins = OpenLogin | CloseLogin | OpenLinkSession | MarkLoginSeen | EndLinkSession
"""What is written of the browsers that are let in."""


@dataclass(frozen=True, slots=True)
class AddNote:
    """Write something about a conversation that only colleagues see. Web -> Persistence."""

    conversation_id: int
    author: str
    text: str = field(repr=False)
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveNote:
    """Take a note away again. Web -> Supervisor -> Persistence."""

    note_id: int
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Somebody who answers has looked at a conversation. Web -> Supervisor -> Persistence."""

    conversation_id: int
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """Keep an answer that is given often, or replace one. Web -> Supervisor -> Persistence."""

    name: str
    text: str = field(repr=False)
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveSavedAnswer:
    """Keep a saved answer no longer. Web -> Supervisor -> Persistence."""

    answer_id: int
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Collaboration = AddNote | RemoveNote | MarkRead | SaveAnswer | RemoveSavedAnswer
"""What operators do that contacts never see."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A command with who gave it, for the audit trail. Web -> Supervisor -> Persistence."""

    command: Any
    """Any command with a receipt."""
    by: str
    what: str
    about: str
    """By ids of ours only: it outlives what it is about."""
    at: datetime
    by_id: int | None = None
    """The number of the operator or link session; None for the bearer of the token."""
    new_row: str = ""
    """What kind of row the command adds, so that the entry holds its number; or nothing."""
    request: RequestKey | None = None
    """By which it is carried out once, however often it is asked."""

    @property
    def receipt(self) -> Receipt | None:
        """Who waits for the command waits for the deed."""
        receipt: Receipt | None = self.command.receipt
        return receipt


@dataclass(frozen=True, slots=True)
class RecordAudit:
    """Something to be kept that no command did, such as a refused login. Web -> Persistence."""

    by: str
    what: str
    about: str
    at: datetime
    by_id: int | None = None
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Auditing = Deed | RecordAudit
"""What writes into the audit log."""
