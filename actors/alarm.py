from collections.abc import Callable
from datetime import datetime

from actors.timers import Timer, Timers


class Alarm:
    """One message to come, which comes once however often it is set anew. Of one owner alone."""

    def __init__(self, timers: Timers, ring: Callable[[], None]) -> None:
        self._timers = timers
        self._ring = ring
        self._timer: Timer | None = None

    def set_to(self, when: datetime | None) -> None:
        """Ring then, and no longer when it was to; never if None."""
        self.cancel()
        if when is not None:
            self._timer = self._timers.later(when, self._ring)

    def cancel(self) -> None:
        """Ring no more, until it is set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
