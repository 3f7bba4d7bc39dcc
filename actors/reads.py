from datetime import datetime
from threading import RLock

from moca.core.reads import Reads


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
