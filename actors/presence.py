from datetime import timedelta
from threading import Lock

from actors.pool import Pool
from moca import clock
from moca.core.account_rests import AccountRests
from moca.core.limiter import SlidingWindow
from moca.core.messages import GenerateReply, ShowTyping
from moca.core.vocabulary import COMMENT_KINDS


class TypingDesk:
    """Lets contacts see that a reply is being made, while nothing else waits for the readers.

    Best effort: nothing waits for it, nobody is told whether it worked, and it is not tried again.
    """

    def __init__(self, readers: Pool, per_second: int, rests: AccountRests) -> None:
        self._readers = readers
        self._rests = rests
        self._window = SlidingWindow(per_second, timedelta(seconds=1))
        self._lock = Lock()
        self.is_frozen = True
        """Whether nothing may go out; so it is until the database says that it may."""

    def show(self, asked: GenerateReply) -> None:
        """Have it shown, if there is somebody to see it and the second allows it. Any thread."""
        if self.is_frozen or self._rests.until(asked.contact.account_id, clock.now()) is not None:
            return
        is_in_talk = any(each.kind not in COMMENT_KINDS for each in asked.inputs)
        if asked.attempt == 1 and is_in_talk and not len(self._readers) and self._may():
            self._readers.try_tell(ShowTyping(asked.contact))

    def _may(self) -> bool:
        with self._lock:
            now = clock.now()
            if self._window.free_at(now) != now:
                return False
            self._window.count(now)
            return True
