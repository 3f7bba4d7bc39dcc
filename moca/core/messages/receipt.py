from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

Receipt = Future[Any]
"""Answered after the commit, on the persistence actor's thread; may hold the write's exception."""


@dataclass(frozen=True, slots=True)
class Done:
    """A receipt's answer: it was carried out; `id` of what was made, where something was."""

    id: int | None = None
    is_repeat: bool = False
    """Whether an earlier command with the same key had done it already."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """A receipt's answer: there is no such thing."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A receipt's answer: its state does not allow it."""

    because: str
