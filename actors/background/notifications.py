from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Alarm, Timers
from actors.signals import NoticesDue
from moca import clock
from moca.core.messages.housekeeping import FindNotices, NoticesFound, NoticeWritten, RecordNotice
from moca.core.notifications import Notice
from moca.core.outbox.call_results import backoff

log = structlog.get_logger()

_EVERY = timedelta(seconds=30)
_AT_ONCE = 1
"""So that a stop waits for one call at most."""
_MOST_ATTEMPTS = 24

Record = FindNotices | RecordNotice


class Post(Protocol):
    """Tells somebody outside of Moca."""

    def send(self, notice: Notice) -> str:
        """Send a notice, blocking; the empty text where it arrived, else what went wrong."""


class NotifierActor(MailboxActor):
    """Tells people outside of Moca what waits for them, one notice at a time; blocking.

    What is to be told is on disk, so none is lost; one whose answer was lost may come twice. It
    looks when one is written, and every half minute by itself.
    """

    def __init__(self, *, post: Post, record: Callable[[Record], None], timers: Timers) -> None:
        super().__init__()
        self._post = post
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = Alarm(timers, lambda: tell(NoticesDue()))
        self._is_looking = False

    def on_restart(self) -> None:
        """Look again: what raised may have been told, and is told once more."""
        self._is_looking = False
        self._look()

    def on_receive(self, message: Any) -> None:
        """Look for what is to be told, or tell it."""
        match message:
            case NoticeWritten() | NoticesDue():
                self._look()
            case NoticesFound(notices):
                self._is_looking = False
                self._tell(notices)

    def on_stop(self) -> None:
        """Want no waking any more."""
        self._next_look.cancel()

    def _look(self) -> None:
        self._next_look.set_to(clock.now() + _EVERY)
        if not self._is_looking:
            self._is_looking = True
            self._record(FindNotices(clock.now(), _AT_ONCE))

    def _tell(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            fault = self._post.send(notice)
            now, attempt = clock.now(), notice.attempts + 1
            retry_at = _retry_at(now, attempt) if fault else None
            self._record(RecordNotice(notice.id, now, fault, retry_at))
            if fault:
                log.warning("notice_not_sent", kind=notice.kind, attempt=attempt, fault=fault)
        if notices:
            self._look()


def _retry_at(now: datetime, attempt: int) -> datetime | None:
    return now + backoff(attempt, 1.0) if attempt < _MOST_ATTEMPTS else None
