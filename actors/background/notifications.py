from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import NotificationsDue
from moca import clock
from moca.core.messages.housekeeping import (
    FindNotifications,
    NotificationsFound,
    NotificationStored,
    RecordNotification,
)
from moca.core.notifications import Notification
from moca.core.outbox.call_results import backoff

log = structlog.get_logger()

_EVERY = timedelta(seconds=30)
_AT_ONCE = 1
"""One at a time, so that stopping waits for at most one call."""
_MAX_ATTEMPTS = 24

Record = FindNotifications | RecordNotification


class NotificationSender(Protocol):
    """Delivers a notification outside Moca."""

    def send(self, notification: Notification) -> str:
        """Send a notification, blocking; return an empty string on success, else the problem."""


class NotificationActor(MailboxActor):
    """Sends notifications one at a time; blocking.

    Pending notifications are stored in the database, so none is lost; one whose answer was lost may
    be sent twice. The actor looks for pending ones when one is stored, and every half minute.
    """

    def __init__(
        self, *, post: NotificationSender, record: Callable[[Record], None], timers: Timers
    ) -> None:
        super().__init__()
        self._post = post
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(NotificationsDue()))
        self._is_looking = False

    def on_restart(self) -> None:
        """Look again; a notification whose sending crashed is sent once more."""
        self._is_looking = False
        self._look()

    def on_receive(self, message: object) -> None:
        """Look for pending notifications, or send one."""
        match message:
            case NotificationStored() | NotificationsDue():
                self._look()
            case NotificationsFound(notifications):
                self._is_looking = False
                self._tell(notifications)

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _look(self) -> None:
        self._next_look.set_to(clock.now() + _EVERY)
        if not self._is_looking:
            self._is_looking = True
            self._record(FindNotifications(clock.now(), _AT_ONCE))

    def _tell(self, notifications: tuple[Notification, ...]) -> None:
        for notification in notifications:
            fault = self._post.send(notification)
            now, attempt = clock.now(), notification.attempts + 1
            retry_at = _retry_at(now, attempt) if fault else None
            self._record(RecordNotification(notification.id, now, fault, retry_at))
            if fault:
                log.warning("notice_not_sent", kind=notification.kind, attempt=attempt, fault=fault)
        if notifications:
            self._look()


def _retry_at(now: datetime, attempt: int) -> datetime | None:
    return now + backoff(attempt, 1.0) if attempt < _MAX_ATTEMPTS else None
