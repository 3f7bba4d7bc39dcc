from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Alarm, Timers
from actors.signals import LookForGaps
from moca import clock
from moca.core.messages import Command
from moca.core.messages.inbound import FetchMessage, FindMissing, MessagesMissing

LOOK_EVERY = timedelta(seconds=15)
_APART = timedelta(seconds=1)
"""Instagram allows two reads a second; the other one is left to whoever settles a reply."""
_AT_ONCE = int(LOOK_EVERY / _APART)


class GapKeeperActor(MailboxActor):
    """Has messages fetched that were hinted at and never came, one a second at most.

    What is awaited is in the database, so a restart forgets nothing.
    """

    def __init__(
        self,
        *,
        record: Callable[[Command], None],
        fetch: Callable[[FetchMessage], object],
        timers: Timers,
        every: timedelta = LOOK_EVERY,
    ) -> None:
        super().__init__()
        self._record = record
        self._fetch = fetch
        self._timers = timers
        self._every = every
        tell = self.actor_ref.tell
        self._next_look = Alarm(timers, lambda: tell(LookForGaps()))

    def on_restart(self) -> None:
        """Look again, for what raised may have been the look itself."""
        self._look()

    def on_receive(self, message: Any) -> None:
        """Look for gaps, or have those found filled."""
        match message:
            case LookForGaps():
                self._look()
            case MessagesMissing():
                self._fill(message)
            case FetchMessage():
                self._fetch(message)

    def on_stop(self) -> None:
        """Want no waking any more."""
        self._next_look.cancel()

    def _look(self) -> None:
        self._next_look.set_to(clock.now() + self._every)
        self._record(FindMissing(clock.now(), _AT_ONCE))

    def _fill(self, found: MessagesMissing) -> None:
        now, tell = clock.now(), self.actor_ref.tell
        for place, missing in enumerate(found.messages):
            wanted = FetchMessage(missing)
            self._timers.later(now + place * _APART, partial(tell, wanted))
