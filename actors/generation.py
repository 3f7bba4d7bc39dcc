from datetime import datetime
from threading import Lock

from moca.core.messages.replies import GenerateReply
from moca.core.types import ContactKey

DraftKey = tuple[ContactKey, int]
"""A contact, and the id of the first message that its draft answers."""


class GenerationRequests:
    """The replies that are asked for and not made yet, one for each draft. Any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[DraftKey, GenerateReply] = {}
        self._under_way: dict[DraftKey, tuple[GenerateReply, datetime]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, asked: GenerateReply) -> bool:
        """Have it wait; False if it takes the place of one that waits for the same draft."""
        with self._lock:
            is_new = _key(asked) not in self._waiting
            self._waiting[_key(asked)] = asked
            return is_new

    def withdraw(self, contact: ContactKey, first_id: int) -> None:
        """Forget a request that nothing waits for any more, unless it is under way."""
        with self._lock:
            self._waiting.pop((contact, first_id), None)

    def waiting(self, asked: GenerateReply) -> GenerateReply | None:
        """Return what waits in the place of this request; None if it was withdrawn or taken."""
        return self._waiting.get(_key(asked))

    def take(self, asked: GenerateReply, now: datetime) -> GenerateReply | None:
        """Take up what waits in the place of this request; None if it was withdrawn or taken."""
        with self._lock:
            taken = self._waiting.pop(_key(asked), None)
            if taken is not None:
                self._under_way[_key(taken)] = taken, now
            return taken

    def finish(self, request: GenerateReply) -> bool:
        """Forget a request that was answered; False if it no longer waits or was replaced."""
        with self._lock:
            is_wanted = self._waiting.get(_key(request)) is request
            if is_wanted:
                del self._waiting[_key(request)]
            return is_wanted

    def end(self, taken: GenerateReply) -> None:
        """Forget a request that was under way."""
        with self._lock:
            under_way = self._under_way.get(_key(taken))
            if under_way is not None and under_way[0] is taken:
                del self._under_way[_key(taken)]

    def started_at(self, asked: GenerateReply) -> datetime | None:
        """Return when this very request was taken up; None if it is not under way."""
        request, at = self._under_way.get(_key(asked), (None, None))
        return at if request == asked else None


def _key(asked: GenerateReply) -> DraftKey:
    return asked.contact, asked.inputs[0].id
