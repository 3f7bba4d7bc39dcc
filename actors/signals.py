"""What only the runtime says to actors: when to look, and what the keeper asks of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SweepDue:
    """It is time to look for what nobody holds. Timers -> Supervisor, Sender."""


@dataclass(frozen=True, slots=True)
class PageDue:
    """It may be time to take up more of those who wait. Timers -> Supervisor."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Something may go that could not before. Timers -> Sender."""


@dataclass(frozen=True, slots=True)
class LookAtTokens:
    """It is time to see which access tokens come to their end. Timers -> TokenKeeper."""


@dataclass(frozen=True, slots=True)
class LookAtProfiles:
    """It is time to see which accounts show something else. Timers -> ProfileKeeper."""


@dataclass(frozen=True, slots=True)
class LookForGaps:
    """It is time to see which messages were hinted at and never came. Timers -> GapKeeper."""


@dataclass(frozen=True, slots=True)
class HouseworkDue:
    """It is time to erase a portion of what has to go. Timers -> Housekeeper."""


@dataclass(frozen=True, slots=True)
class CompareDue:
    """It is time to see which accounts are to be compared. Timers -> Comparer."""


@dataclass(frozen=True, slots=True)
class ReadOn:
    """The next read of Instagram's record may be made. Timers -> Comparer."""


@dataclass(frozen=True, slots=True)
class NoticesDue:
    """It is time to look for notices that are to be sent. Timers -> Notifier."""


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
