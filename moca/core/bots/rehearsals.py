"""Rehearsals of bots' drafts: real traffic again, with the draft in place of what is published."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from moca.core.replay_comparison import Rehearsal

MAX_DIFFERENCES = 500
"""Kept of one rehearsal; all are counted."""
KEPT_FOR = timedelta(hours=1)
"""How long a result is kept: it quotes contacts, who may be erased meanwhile."""


class RehearsalPeriod(StrEnum):
    """How much traffic is rehearsed."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def length(self) -> timedelta:
        """Return the length of the period."""
        return timedelta(days={"day": 1, "week": 7, "month": 30}[self])


class RehearsedDraft(NamedTuple):
    """The draft that is rehearsed."""

    bot: str
    revision: int
    document: str
    account_id: str = ""
    """The only account for which it answers, whatever bot that has; empty for all with its bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalState:
    """How far a rehearsal is."""

    draft: RehearsedDraft = field(repr=False)
    period: RehearsalPeriod
    started_at: datetime
    share: float = 0
    """Of the work that is done, from 0 to 1."""
    ended_at: datetime | None = None
    """None while it runs."""
    result: Rehearsal | None = field(default=None, repr=False)
    """None while it runs, and if it was cancelled or failed."""
    problem: str = ""
    """Why it failed; empty otherwise."""

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


class Rehearsals(Protocol):
    """Rehearses one draft at a time, in a process of its own."""

    def start(self, draft: RehearsedDraft, period: RehearsalPeriod) -> bool:
        """Begin a rehearsal; return False if one is running."""
        ...

    def state(self, bot: str) -> RehearsalState | None:
        """Return the latest rehearsal of a bot; None if there is none."""
        ...

    def cancel(self, bot: str) -> None:
        """End a bot's rehearsal if it is running."""
        ...
