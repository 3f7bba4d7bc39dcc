from collections.abc import Callable
from datetime import timedelta
from functools import partial

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import FindMissingMessages
from moca import clock
from moca.core.messages.command import Command
from moca.core.messages.inbound import FetchMessage, FindMissing, MessagesMissing

LOOK_EVERY = timedelta(seconds=15)
_APART = timedelta(seconds=1)
"""Instagram allows two reads per second; the other one is left for settling unconfirmed sends."""
_AT_ONCE = int(LOOK_EVERY / _APART)


class MissingMessagesActor(MailboxActor):
    """Fetches messages that were hinted at but never arrived, at most one per second.

    Missing messages are listed in the database, so a restart loses nothing.
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
        self._next_look = ActorTimer(timers, lambda: tell(FindMissingMessages()))

    def on_restart(self) -> None:
        """Look again: the look itself may have caused the crash."""
        self._look()

    def on_receive(self, message: object) -> None:
        """Look for missing messages, or fetch those found."""
        match message:
            case FindMissingMessages():
                self._look()
            case MessagesMissing():
                self._fill(message)
            case FetchMessage():
                self._fetch(message)

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _look(self) -> None:
        self._next_look.set_to(clock.now() + self._every)
        self._record(FindMissing(clock.now(), _AT_ONCE))

    def _fill(self, found: MessagesMissing) -> None:
        now, tell = clock.now(), self.actor_ref.tell
        for place, missing in enumerate(found.messages):
            wanted = FetchMessage(missing)
            self._timers.later(now + place * _APART, partial(tell, wanted))
