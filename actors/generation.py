from datetime import datetime
from threading import Lock

from moca.core.messages.replies import GenerateReply
from moca.core.types import ContactKey

DraftKey = tuple[ContactKey, int]
"""A contact, and the id of the first message that its draft answers."""


class GenerationRequests:
    """Replies requested and not made yet, one per draft. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[DraftKey, GenerateReply] = {}
        self._under_way: dict[DraftKey, tuple[GenerateReply, datetime]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, command: GenerateReply) -> bool:
        """Add a request; return False if it replaces a waiting one for the same draft."""
        with self._lock:
            is_new = _key(command) not in self._waiting
            self._waiting[_key(command)] = command
            return is_new

    def withdraw(self, contact: ContactKey, first_id: int) -> None:
        """Drop a request that is no longer needed, unless it is under way."""
        with self._lock:
            self._waiting.pop((contact, first_id), None)

    def waiting(self, command: GenerateReply) -> GenerateReply | None:
        """Return the request now waiting for the same draft; None if it was withdrawn or taken."""
        return self._waiting.get(_key(command))

    def take(self, command: GenerateReply, now: datetime) -> GenerateReply | None:
        """Take the request now waiting for the same draft; None if it was withdrawn or taken."""
        with self._lock:
            taken = self._waiting.pop(_key(command), None)
            if taken is not None:
                self._under_way[_key(taken)] = taken, now
            return taken

    def finish(self, request: GenerateReply) -> bool:
        """Remove an answered request; return False if it no longer waits or was replaced."""
        with self._lock:
            is_wanted = self._waiting.get(_key(request)) is request
            if is_wanted:
                del self._waiting[_key(request)]
            return is_wanted

    def end(self, taken: GenerateReply) -> None:
        """Remove a request that was under way."""
        with self._lock:
            under_way = self._under_way.get(_key(taken))
            if under_way is not None and under_way[0] is taken:
                del self._under_way[_key(taken)]

    def started_at(self, command: GenerateReply) -> datetime | None:
        """Return when this very request was taken; None if it is not under way."""
        request, at = self._under_way.get(_key(command), (None, None))
        return at if request == command else None


def _key(command: GenerateReply) -> DraftKey:
    return command.contact, command.inputs[0].id
