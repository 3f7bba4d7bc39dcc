import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import pykka

from actors.runtime.timers import Alarm, Timers
from actors.system import Overloaded
from moca import clock
from moca.core.messages.housekeeping import RecordFigures
from moca.core.messages.inbound import NoteSigning
from moca.core.metrics import MINUTE
from moca.web.metrics.minutes import Minutes

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


_EVERY = timedelta(minutes=1)


class SigningNotes:
    """Has it written which secrets sign webhooks, once a minute for each; for any thread.

    Nothing waits for it, and it is let go where more important things wait to be written.
    """

    def __init__(self, tell: Callable[[NoteSigning], None]) -> None:
        self._tell = tell
        self._noted: dict[str, datetime] = {}
        self._lock = Lock()

    def note(self, secret: str) -> None:
        """A webhook came that was signed so; `secret` is a name, never the secret itself."""
        now = clock.now()
        with self._lock:
            noted_at = self._noted.get(secret)
            if noted_at is not None and noted_at <= now < noted_at + _EVERY:
                return
            self._noted[secret] = now
        with contextlib.suppress(Overloaded, pykka.ActorDeadError):
            self._tell(NoteSigning(secret, now))
