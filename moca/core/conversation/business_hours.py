from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAYS_TO_LOOK_BACK = 14


@dataclass(frozen=True, slots=True)
class OpeningSpan:
    """Opening hours within one day, in the business's local time. `until` 00:00 means midnight."""

    since: time
    until: time

    def bounds(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return the UTC instants at which this span opens and closes on a day."""
        closing_day = day + timedelta(days=1) if self.until == time(0) else day
        return (
            datetime.combine(day, self.since, zone).astimezone(UTC),
            datetime.combine(closing_day, self.until, zone).astimezone(UTC),
        )


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When automatic replies are sent."""

    zone: tzinfo
    weekdays: Mapping[int, tuple[OpeningSpan, ...]]
    """Spans by weekday, with Monday as 0; a missing day is closed."""
    holidays: Container[date] = frozenset()

    def open_at(self, now: datetime) -> bool:
        """Return whether an instant lies within business hours, excluding the closing time."""
        return any(since <= now < until for since, until in self._spans_around(now, days_back=1))

    def closed_since(self, now: datetime) -> datetime | None:
        """Return when the current closing period began; None while open.

        Also None if the business was not open within the last two weeks.
        """
        if self.open_at(now):
            return None
        ended = [
            until
            for _, until in self._spans_around(now, days_back=_DAYS_TO_LOOK_BACK)
            if until <= now
        ]
        return max(ended, default=None)

    def opens_next(self, now: datetime) -> datetime | None:
        """Return when the business opens next; None while open, or if not within two weeks."""
        if self.open_at(now):
            return None
        today = now.astimezone(self.zone).date()
        days = (today + timedelta(days=ahead) for ahead in range(_DAYS_TO_LOOK_BACK + 1))
        coming = [since for day in days for since, _ in self._spans_on(day) if since > now]
        return min(coming, default=None)

    def _spans_around(self, now: datetime, *, days_back: int) -> list[tuple[datetime, datetime]]:
        today = now.astimezone(self.zone).date()
        days = (today - timedelta(days=back) for back in range(days_back + 1))
        return [bounds for day in days for bounds in self._spans_on(day)]

    def _spans_on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.holidays:
            return []
        return [span.bounds(day, self.zone) for span in self.weekdays.get(day.weekday(), ())]
