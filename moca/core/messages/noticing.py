from dataclasses import dataclass
from datetime import datetime

from moca.core.notice import Notice


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
