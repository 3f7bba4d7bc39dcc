from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

_MORNING = time(9)
_DAYS_IN_WEEK = 7


class Snooze(NamedTuple):
    """A time for which a conversation is off the open lists."""

    since: datetime
    until: datetime | None
    """None lasts until the contact writes, which ends any other snooze too."""

    def is_over(self, heard_at: datetime | None, at: datetime) -> bool:
        """Return whether its time has come, or the contact has written since."""
        has_written = heard_at is not None and heard_at > self.since
        return has_written or (self.until is not None and self.until <= at)


class SnoozeTime(StrEnum):
    """A time until which operators often snooze."""

    IN_AN_HOUR = "hour"
    TOMORROW = "tomorrow"
    NEXT_MONDAY = "monday"


def instant_of(chosen: SnoozeTime, now: datetime, zone: tzinfo) -> datetime:
    """Return the instant of a choice; days begin at 9:00 in the operator's time zone."""
    if chosen is SnoozeTime.IN_AN_HOUR:
        return now + timedelta(hours=1)
    today = now.astimezone(zone).date()
    days = 1 if chosen is SnoozeTime.TOMORROW else _DAYS_IN_WEEK - today.weekday()
    return datetime.combine(today + timedelta(days=days), _MORNING, zone).astimezone(now.tzinfo)
