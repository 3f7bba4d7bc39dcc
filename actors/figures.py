from collections.abc import Callable
from datetime import timedelta

from actors.alarm import Alarm
from actors.timers import Timers
from moca import clock
from moca.core.figures import MINUTE
from moca.core.messages.counting import RecordFigures
from moca.web.minutes import Minutes

_A_LITTLE = timedelta(seconds=1)


class FiguresDesk:
    """Has the figures of each minute written once it is over."""

    def __init__(self, minutes: Minutes, tell: Callable[[object], None], timers: Timers) -> None:
        self._minutes = minutes
        self._tell = tell
        self._next_turn = Alarm(timers, self._turn)
        self._wait()

    def stop(self) -> None:
        """Hand over what there is, of the minute under way too."""
        self._next_turn.cancel()
        self._hand_over(MINUTE)

    def _wait(self) -> None:
        self._next_turn.set_to(clock.now() + MINUTE + _A_LITTLE)

    def _turn(self) -> None:
        self._hand_over(timedelta(0))
        self._wait()

    def _hand_over(self, more: timedelta) -> None:
        now = clock.now()
        figures = self._minutes.take(now + more)
        if not figures:
            return
        try:
            self._tell(RecordFigures(figures, now))
        except Exception:  # noqa: BLE001 - too busy, or about to stop: they are only figures
            self._minutes.put_back(figures)
