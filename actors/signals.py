"""What only the runtime says to actors: when to look, and what the keeper asks of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SweepDue:
    """It is time to look for what nobody holds. Timers -> Supervisor, Sender."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Something may go that could not before. Timers -> Sender."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What was told meanwhile belongs to one transaction. Persistence, Timers -> Persistence."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Begin nothing new; give back what was claimed and not yet called. System -> Sender."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Answer what ails you, by name, after what was told before. System -> any singleton."""


@dataclass(frozen=True, slots=True)
class CountLive:
    """Say how many conversations are in memory. System -> Supervisor."""
