from collections.abc import Callable
from datetime import timedelta
from typing import Any

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Alarm, Timers
from actors.signals import HouseworkDue
from moca import clock
from moca.core.messages.housekeeping import HouseKept, KeepHouse

_PORTION = 200
_BREATH = timedelta(milliseconds=200)
_EVERY = timedelta(minutes=1)


class HousekeeperActor(MailboxActor):
    """Has what must go erased in portions, between which other writes have their turn.

    The first `HouseworkDue` begins it; it comes again by itself, every minute and sooner while
    there is more.
    """

    def __init__(
        self,
        *,
        retention: timedelta | None,
        audit: timedelta | None,
        record: Callable[[KeepHouse], None],
        timers: Timers,
    ) -> None:
        super().__init__()
        self._retention = retention
        self._audit = audit
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = Alarm(timers, lambda: tell(HouseworkDue()))

    def on_restart(self) -> None:
        """Go on with the next look."""
        self._look_in(_EVERY)

    def on_receive(self, message: Any) -> None:
        """Ask for a portion, or for the next one."""
        if isinstance(message, HouseKept):
            self._look_in(_BREATH if message.has_more else _EVERY)
            return
        now = clock.now()
        # Should no answer come, because the write was lost, the next look comes all the same.
        self._look_in(_EVERY)
        before, deeds_before = (
            None if kept is None else now - kept for kept in (self._retention, self._audit)
        )
        self._record(KeepHouse(now, before, _PORTION, deeds_before))

    def on_stop(self) -> None:
        """Want no waking any more."""
        self._next_look.cancel()

    def _look_in(self, span: timedelta) -> None:
        self._next_look.set_to(clock.now() + span)
