from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import RetentionDue
from moca import clock
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied

_PORTION = 200
_BREATH = timedelta(milliseconds=200)
_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriods:
    """How long each kind of data is kept; None keeps it."""

    messages: timedelta | None = None
    audit: timedelta | None = None
    events: timedelta | None = None
    webhooks: timedelta | None = None
    journeys: timedelta | None = None
    """Until they are condensed."""

    def command(self, now: datetime, portion: int) -> ApplyRetention:
        """Return the command that erases a portion of what has expired by now."""

        def before(period: timedelta | None) -> datetime | None:
            return None if period is None else now - period

        return ApplyRetention(
            now,
            before(self.messages),
            portion,
            before(self.audit),
            before(self.events),
            before(self.webhooks),
            before(self.journeys),
        )


class RetentionActor(MailboxActor):
    """Erases expired data in portions, so that other writes run in between.

    Starts with the first `RetentionDue` and then repeats every minute, sooner while more is due.
    """

    def __init__(
        self,
        *,
        periods: RetentionPeriods,
        record: Callable[[ApplyRetention], None],
        timers: Timers,
    ) -> None:
        super().__init__()
        self._periods = periods
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(RetentionDue()))

    def on_restart(self) -> None:
        """Continue with the next round."""
        self._look_in(_EVERY)

    def on_receive(self, message: object) -> None:
        """Request a portion, or the next one."""
        if isinstance(message, RetentionApplied):
            self._look_in(_BREATH if message.has_more else _EVERY)
            return
        now = clock.now()
        # If the write is lost and never answered, the next round comes anyway.
        self._look_in(_EVERY)
        self._record(self._periods.command(now, _PORTION))

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _look_in(self, span: timedelta) -> None:
        self._next_look.set_to(clock.now() + span)
