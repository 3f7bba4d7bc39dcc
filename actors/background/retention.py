from collections.abc import Callable
from datetime import timedelta

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import RetentionDue
from moca import clock
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied

_PORTION = 200
_BREATH = timedelta(milliseconds=200)
_EVERY = timedelta(minutes=1)


class RetentionActor(MailboxActor):
    """Erases expired data in portions, so that other writes run in between.

    Starts with the first `RetentionDue` and then repeats every minute, sooner while more is due.
    """

    def __init__(
        self,
        *,
        retention: timedelta | None,
        audit: timedelta | None,
        feed: timedelta | None,
        record: Callable[[ApplyRetention], None],
        timers: Timers,
    ) -> None:
        super().__init__()
        self._retention = retention
        self._audit = audit
        self._feed = feed
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
        periods = (self._retention, self._audit, self._feed)
        before, audit_before, feed_before = (
            None if period is None else now - period for period in periods
        )
        self._record(ApplyRetention(now, before, _PORTION, audit_before, feed_before))

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _look_in(self, span: timedelta) -> None:
        self._next_look.set_to(clock.now() + span)
