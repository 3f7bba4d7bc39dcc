from dataclasses import dataclass
from datetime import datetime, timedelta

_READ_APART = timedelta(milliseconds=100)
"""A thread may be interrupted between reading one clock and the other."""


@dataclass(slots=True)
class ClockComparison:
    """Notices that the wall clock was set ahead, by a clock that cannot be set."""

    _last: tuple[datetime, float] | None = None

    def ahead_by(self, now: datetime, steady: float) -> timedelta:
        """Return by how much the wall clock was set ahead since the last call.

        Args:
            now: the wall clock's time.
            steady: seconds by the other clock, read at the same moment.
        """
        last, self._last = self._last, (now, steady)
        if last is None:
            return timedelta(0)
        ahead = now - last[0] - timedelta(seconds=steady - last[1])
        return ahead if ahead > _READ_APART else timedelta(0)
