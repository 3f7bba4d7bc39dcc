from dataclasses import dataclass
from datetime import datetime, timedelta

_FOR_ANYBODY = timedelta(hours=24)
_FOR_PEOPLE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """Until when Instagram lets the account write to a contact."""

    kind: str
    """`open`: anybody may; `people`: only a person, as a human agent; `shut`: nobody."""
    until: datetime | None


def window_at(opened_at: datetime | None, at: datetime) -> Window:
    """Tell who may write at an instant, and for how long."""
    if opened_at is None:
        return Window("shut", None)
    if at < opened_at + _FOR_ANYBODY:
        return Window("open", opened_at + _FOR_ANYBODY)
    if at < opened_at + _FOR_PEOPLE:
        return Window("people", opened_at + _FOR_PEOPLE)
    return Window("shut", opened_at + _FOR_PEOPLE)
