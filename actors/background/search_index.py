from collections.abc import Callable
from datetime import timedelta

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import IndexingDue
from moca import clock
from moca.core.messages.housekeeping import IndexWords, WordsIndexed

_PORTION = 200
_BREATH = timedelta(milliseconds=200)
_EVERY = timedelta(seconds=2)
_LOGGED_EVERY_PERCENT = 10

log = structlog.get_logger()


class SearchIndexActor(MailboxActor):
    """Makes new messages and names searchable in batches, and old ones while no new ones come.

    Starts with the first `IndexingDue` and then repeats by timer, sooner while more is due.
    """

    def __init__(self, *, record: Callable[[IndexWords], None], timers: Timers) -> None:
        super().__init__()
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(IndexingDue()))
        self._logged_percent = 100

    def on_restart(self) -> None:
        """Continue with the next round."""
        self._look_in(_EVERY)

    def on_receive(self, message: object) -> None:
        """Request a batch, or the next one."""
        if isinstance(message, WordsIndexed):
            self._log_progress(message.percent)
            self._look_in(_BREATH if message.has_more else _EVERY)
            return
        # If the write is lost and never answered, the next round comes anyway.
        self._look_in(_EVERY)
        self._record(IndexWords(_PORTION))

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _log_progress(self, percent: int) -> None:
        step = percent - percent % _LOGGED_EVERY_PERCENT
        if step != self._logged_percent:
            log.info("messages_indexed_for_search", percent=percent)
            self._logged_percent = step

    def _look_in(self, span: timedelta) -> None:
        self._next_look.set_to(clock.now() + span)
