from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.receipt import Receipt
from moca.core.rights import Right


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
