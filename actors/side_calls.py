from datetime import datetime, timedelta
from threading import Lock, RLock

from actors.runtime.pool import Pool
from moca import clock
from moca.core.messages.conversation import ReadName
from moca.core.messages.delivery import ShowTyping
from moca.core.messages.replies import GenerateReply
from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.rate_limits import SlidingWindow
from moca.core.outbox.read_budget import ReadBudget
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


class NameReader:
    """Reads names within an account's read limit: a flood of contacts causes no flood of calls.

    A name that is not read now is requested again when its conversation is next loaded.
    """

    def __init__(self, readers: Pool, reads: ReadBudget) -> None:
        self._readers = readers
        self._reads = reads

    def read(self, command: ReadName) -> None:
        """Read a name if this second's limit still allows it. Thread-safe."""
        if self._reads.take(command.contact.account_id, clock.now()):
            self._readers.try_tell(command)


class SharedReads(ReadBudget):
    """The read limits of all accounts, shared by several threads."""

    def __init__(self, per_second: int) -> None:
        super().__init__(per_second)
        self._lock = RLock()

    def free_at(self, account_id: str, now: datetime, calls: int) -> datetime:
        """Return when this many reads may be made at once. Thread-safe."""
        with self._lock:
            return super().free_at(account_id, now, calls)

    def count(self, account_id: str, now: datetime, calls: int) -> None:
        """Count reads that are made now. Thread-safe."""
        with self._lock:
            super().count(account_id, now, calls)

    def take(self, account_id: str, now: datetime, calls: int = 1) -> bool:
        """Count reads if they may be made now; return whether they may. Thread-safe."""
        with self._lock:
            return super().take(account_id, now, calls)
