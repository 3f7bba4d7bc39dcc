import contextlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import pykka

from actors.runtime.timers import ActorTimer, Timers
from actors.system import SystemOverloaded
from moca import clock
from moca.core.messages.housekeeping import RecordBudgetSpent, RecordMetrics
from moca.core.messages.inbound import RecordSignatureCheck
from moca.core.metrics import MINUTE
from moca.web.metrics.minutes import MinuteMetrics

_A_LITTLE = timedelta(seconds=1)


class MetricsRecorder:
    """Stores the metrics of each minute once it is over."""

    def __init__(
        self, minutes: MinuteMetrics, tell: Callable[[object], None], timers: Timers
    ) -> None:
        self._minutes = minutes
        self._tell = tell
        self._next_turn = ActorTimer(timers, self._turn)
        self._wait()

    def stop(self) -> None:
        """Flush the metrics, including the current minute."""
        self._next_turn.cancel()
        self._hand_over(MINUTE)

    def _wait(self) -> None:
        self._next_turn.set_to(clock.now() + MINUTE + _A_LITTLE)

    def _turn(self) -> None:
        self._hand_over(timedelta(0))
        self._wait()

    def _hand_over(self, more: timedelta) -> None:
        now = clock.now()
        metrics = self._minutes.take(now + more)
        if not metrics:
            return
        try:
            self._tell(RecordMetrics(metrics, now, secrets.token_hex(16)))
        except Exception:  # noqa: BLE001 - too busy or stopping; these are only metrics
            self._minutes.put_back(metrics)


class BudgetReporter:
    """Has it recorded that the model's budget is spent, as soon as `tell` is set. Any thread."""

    tell: Callable[[RecordBudgetSpent], None] | None = None

    def report(self, because: str, at: datetime, account_id: str) -> None:
        """Record it, unless more important things wait to be written."""
        if self.tell is not None:
            with contextlib.suppress(SystemOverloaded, pykka.ActorDeadError):
                self.tell(RecordBudgetSpent(because, at, account_id))


_EVERY = timedelta(minutes=1)


class SignatureRecorder:
    """Stores which secrets sign webhooks, once a minute for each; thread-safe.

    Nothing waits for it, and it is skipped while more important writes are pending.
    """

    def __init__(self, tell: Callable[[RecordSignatureCheck], None]) -> None:
        self._tell = tell
        self._noted: dict[str, datetime] = {}
        self._lock = Lock()

    def note(self, secret: str) -> None:
        """Record the signature of a webhook; `secret` is a secret's name, never its value."""
        now = clock.now()
        with self._lock:
            noted_at = self._noted.get(secret)
            if noted_at is not None and noted_at <= now < noted_at + _EVERY:
                return
            self._noted[secret] = now
        with contextlib.suppress(SystemOverloaded, pykka.ActorDeadError):
            self._tell(RecordSignatureCheck(secret, now))
