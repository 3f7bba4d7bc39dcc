from datetime import datetime, timedelta
from threading import Lock, RLock

from actors.runtime.pool import Pool
from moca import clock
from moca.core.messages.conversation import ReadName
from moca.core.messages.delivery import ShowTyping
from moca.core.messages.replies import GenerateReply
from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.rate_limits import SlidingWindow
from moca.core.outbox.read_budget import Reads
from moca.core.types import COMMENT_KINDS


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


class NameDesk:
    """Lets names be read as far as an account's reads allow: a flood of contacts is none of calls.

    A name that is not read now is asked for again when its conversation is next loaded.
    """

    def __init__(self, readers: Pool, reads: Reads) -> None:
        self._readers = readers
        self._reads = reads

    def read(self, wanted: ReadName) -> None:
        """Have a name read, if the second still allows it. Any thread."""
        if self._reads.take(wanted.contact.account_id, clock.now()):
            self._readers.try_tell(wanted)


class SharedReads(Reads):
    """The same for those who read on several threads."""

    def __init__(self, per_second: int) -> None:
        super().__init__(per_second)
        self._lock = RLock()

    def free_at(self, account_id: str, now: datetime, calls: int) -> datetime:
        """Tell when so many reads may be made at once. Any thread."""
        with self._lock:
            return super().free_at(account_id, now, calls)

    def count(self, account_id: str, now: datetime, calls: int) -> None:
        """Count reads that are made now. Any thread."""
        with self._lock:
            super().count(account_id, now, calls)

    def take(self, account_id: str, now: datetime, calls: int = 1) -> bool:
        """Count reads if they may be made now; tell whether. Any thread."""
        with self._lock:
            return super().take(account_id, now, calls)
