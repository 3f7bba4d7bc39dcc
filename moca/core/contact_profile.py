from dataclasses import dataclass, field
from datetime import datetime, timedelta

FIRST_READ_AFTER = timedelta(seconds=10)
"""The conversation itself reads the profile of a new contact; this is for those it could not."""

_RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=4),
    *(timedelta(days=1),) * 5,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactProfile:
    """What Instagram shows of a contact; None for what it does not provide."""

    name: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    picture_url: str | None = field(default=None, repr=False)
    """Instagram's own address of the picture, which expires after some days."""
    follower_count: int | None = None
    follows_account: bool | None = None


def next_read(tries: int, at: datetime) -> datetime | None:
    """Return when to read a profile again after so many failed reads, or None to give up."""
    return at + _RETRY_AFTER[tries - 1] if tries <= len(_RETRY_AFTER) else None
