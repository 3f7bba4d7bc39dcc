import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import pykka

from actors.system import Overloaded
from moca import clock
from moca.core.messages import NoteSigning

_EVERY = timedelta(minutes=1)


class SigningNotes:
    """Has it written which secrets sign webhooks, once a minute for each; for any thread.

    Nothing waits for it, and it is let go where more important things wait to be written.
    """

    def __init__(self, tell: Callable[[NoteSigning], None]) -> None:
        self._tell = tell
        self._noted: dict[str, datetime] = {}
        self._lock = Lock()

    def note(self, secret: str) -> None:
        """A webhook came that was signed so; `secret` is a name, never the secret itself."""
        now = clock.now()
        with self._lock:
            noted_at = self._noted.get(secret)
            if noted_at is not None and noted_at <= now < noted_at + _EVERY:
                return
            self._noted[secret] = now
        with contextlib.suppress(Overloaded, pykka.ActorDeadError):
            self._tell(NoteSigning(secret, now))
