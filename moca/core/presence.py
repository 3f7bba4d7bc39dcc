from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LOOKING_LASTS = timedelta(seconds=10)
"""Several refreshes of an open page: one that is late must not make its user disappear."""
WRITING_LASTS = timedelta(seconds=6)


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user with a conversation open, in however many tabs."""

    key: str
    """Different for users whose names are the same."""
    name: str
    looked_at: datetime
    wrote_at: datetime | None = None
    """When the composer had a text that had just changed; None if it never had."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Who has a conversation open, by name."""

    writing: tuple[str, ...] = ()
    looking: tuple[str, ...] = ()
    """Without those who are writing."""


def seen_again(before: Viewer | None, now: Viewer) -> Viewer:
    """Return a viewer after another look, which may come from a tab in which nothing is written."""
    if before is None or now.wrote_at is not None:
        return now
    return replace(now, wrote_at=before.wrote_at)


def is_present(viewer: Viewer, now: datetime) -> bool:
    """Return whether a viewer still has the conversation open."""
    return _is_within(viewer.looked_at, LOOKING_LASTS, now)


def presence_of(viewers: Iterable[Viewer], now: datetime, *, besides: str | None) -> Presence:
    """Return who is looking and writing, sorted by name.

    Args:
        viewers: Who has looked lately, each once.
        now: The current time.
        besides: The key of the user who sees it.
    """
    present = [each for each in viewers if each.key != besides and is_present(each, now)]
    present.sort(key=lambda each: (each.name, each.key))
    writing = [each for each in present if _is_within(each.wrote_at, WRITING_LASTS, now)]
    looking = [each for each in present if each not in writing]
    return Presence(tuple(each.name for each in writing), tuple(each.name for each in looking))


def _is_within(at: datetime | None, span: timedelta, now: datetime) -> bool:
    # After the clock was set back, what seems to come from the future says nothing.
    return at is not None and timedelta() <= now - at < span
