from datetime import timedelta
from threading import Lock

from actors.runtime.pool import Pool
from moca import clock
from moca.core.messages.delivery import ShowTyping
from moca.core.messages.replies import GenerateReply
from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.rate_limits import SlidingWindow
from moca.core.types import COMMENT_KINDS


class TypingIndicator:
    """Shows contacts a typing indicator while the reader threads have nothing else to do.

    Best effort: nothing waits for it, its success is not reported, and it is not retried.
    """

    def __init__(self, readers: Pool, per_second: int, rests: AccountRests) -> None:
        self._readers = readers
        self._rests = rests
        self._window = SlidingWindow(per_second, timedelta(seconds=1))
        self._lock = Lock()
        self.is_frozen = True
        """Whether sending is frozen; True until the database says otherwise."""

    def show(self, request: GenerateReply) -> None:
        """Show the indicator if the rate limit allows it and it can be seen. Thread-safe."""
        if self.is_frozen or self._rests.until(request.contact.account_id, clock.now()) is not None:
            return
        is_in_conversation = any(each.kind not in COMMENT_KINDS for each in request.inputs)
        if request.attempt == 1 and is_in_conversation and not len(self._readers) and self._may():
            self._readers.try_tell(ShowTyping(request.contact))

    def _may(self) -> bool:
        with self._lock:
            now = clock.now()
            if self._window.free_at(now) != now:
                return False
            self._window.count(now)
            return True
