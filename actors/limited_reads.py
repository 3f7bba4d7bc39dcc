from datetime import datetime
from threading import RLock

from actors.runtime.pool import Pool
from moca import clock
from moca.core.messages.conversation import ReadName
from moca.core.outbox.read_budget import ReadBudget


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
