from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

Receipt = Future[Any]
"""Resolved after the commit, on the persistence actor's thread; may hold the write's exception."""


class Command:
    """Something that the persistence actor carries out in a transaction."""

    __slots__ = ()


class AuditText(NamedTuple):
    """What the audit log says of a command, and what the command was about."""

    what: str
    about: str = ""
    """Only Moca's own ids: the entry outlives its subject."""


@dataclass(frozen=True, slots=True)
class AwaitedCommand(Command):
    """A command whose sender waits for its receipt."""

    new_row: ClassVar[str] = ""
    """The kind of row that the command adds, so that the audit log has its id; empty if none."""

    receipt: Receipt | None = field(default=None, repr=False, compare=False, kw_only=True)

    def audit_text(self) -> AuditText:
        """Return what the audit log says of this command."""
        return AuditText(type(self).__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """Receipt value: the command was carried out. `id` is that of a new row, if there is one."""

    id: int | None = None
    is_repeat: bool = False
    """Whether an earlier command with the same key has already done it."""
    done_at: datetime | None = None
    """When a repeat's first request was made; None if this is no repeat, or if it was not kept."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Receipt value: the target does not exist."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Receipt value: the target's state does not allow the command."""

    because: str
