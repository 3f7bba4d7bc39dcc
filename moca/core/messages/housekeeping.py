from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.receipt import Receipt
from moca.core.metrics import Figure
from moca.core.notifications import Notice


@dataclass(frozen=True, slots=True)
class EraseForPerson:
    """Erase what belongs to a person whom Meta names. Web -> Supervisor -> Persistence."""

    user_id: str
    """An owner's id within the app, or a contact's."""
    code: str
    """By which the person can see how far it is."""
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KeepHouse:
    """Erase a portion of what has to go. Housekeeper -> Persistence."""

    at: datetime
    forget_before: datetime | None
    """What ended before is deleted; None keeps everything."""
    portion: int
    """How many rows of a kind may go in one transaction."""
    forget_deeds_before: datetime | None = None
    """Of the audit trail; None keeps all of it."""


@dataclass(frozen=True, slots=True)
class HouseKept:
    """A portion is done. Persistence -> Housekeeper."""

    has_more: bool


@dataclass(frozen=True, slots=True)
class NoticeWritten:
    """A notice waits on disk. Persistence -> Notifier."""


@dataclass(frozen=True, slots=True)
class FindNotices:
    """Look for notices that are due. Notifier -> Persistence."""

    at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class NoticesFound:
    """Notices that are due, oldest first. Persistence -> Notifier."""

    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class RecordNotice:
    """Write how an attempt to send a notice ended. Notifier -> Persistence."""

    notice_id: int
    at: datetime
    fault: str = ""
    """Empty where it arrived."""
    retry_at: datetime | None = None
    """None where there is no further attempt."""


@dataclass(frozen=True, slots=True)
class RecordFigures:
    """Keep what was counted within minutes that are over. Observation -> Persistence."""

    figures: tuple[Figure, ...]
    at: datetime
