from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import peewee

from actors.limited_reads import SharedReads
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import NamesDue
from moca import clock
from moca.core.messages.conversation import ReadName
from moca.core.outbox.account_rests import AccountRests
from moca.core.types import ContactKey
from moca.storage.db.connection import UNAVAILABLE
from moca.storage.queries.contacts import list_unnamed

_EVERY = timedelta(seconds=10)
_WHILE_MANY = timedelta(seconds=1)
_LOOKED_AT = 200
_READ_TAKES_AT_MOST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class UnnamedContacts:
    """The contacts in the database whose profiles are still to be read."""

    database: peewee.Database

    def due(self, at: datetime) -> Sequence[ContactKey]:
        """Return the contacts to read, those that became due last first."""
        with self.database.connection_context():
            return list_unnamed(at, limit=_LOOKED_AT)


class ContactNamesActor(MailboxActor):
    """Reads the names that could not be read when the contact wrote; blocking.

    Starts with the first `NamesDue` and then repeats by timer, within the accounts' read limits.
    """

    outages = UNAVAILABLE

    def __init__(
        self,
        *,
        unnamed: UnnamedContacts,
        call: Callable[[ReadName], None],
        reads: SharedReads,
        rests: AccountRests,
        timers: Timers,
    ) -> None:
        super().__init__()
        self._unnamed = unnamed
        self._call = call
        self._reads = reads
        self._rests = rests
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(NamesDue()))
        self._asked: dict[ContactKey, datetime] = {}
        """When reads began whose results may not be in the database yet."""

    def on_restart(self) -> None:
        """Continue with the next round."""
        self._next_look.set_to(clock.now() + _EVERY)

    def on_receive(self, _message: Any) -> None:
        """Read as many names as the limits allow now."""
        now = clock.now()
        since = now - _READ_TAKES_AT_MOST
        self._asked = {each: at for each, at in self._asked.items() if since < at <= now}
        due = [each for each in self._unnamed.due(now) if each not in self._asked]
        for contact in due:
            account_id = contact.account_id
            if self._rests.until(account_id, now) is None and self._reads.take(account_id, now):
                self._asked[contact] = now
                self._call(ReadName(contact))
        self._next_look.set_to(now + (_WHILE_MANY if due else _EVERY))

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()
