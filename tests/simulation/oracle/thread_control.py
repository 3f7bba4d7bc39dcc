from datetime import datetime

from moca.core.inbound.events import ThreadControl
from moca.core.types import ContactKey
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant, stored


class ThreadControls:
    """Knows which threads other apps hold, by when that was stored: told again, it is no news."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._since: dict[ContactKey, datetime] = {}
        self._last: dict[ContactKey, tuple[datetime, datetime]] = {}
        """Since when, and until when, a thread was last another app's."""
        self._controlled_at: dict[ContactKey, datetime] = {}

    def since(self, contact: ContactKey) -> datetime | None:
        """Return since when another app controls a thread; None if Moca does."""
        return self._since.get(contact)

    def take_back_if_ours(self, contact: ContactKey, at: datetime) -> None:
        """Take note that a thread is ours."""
        since = self._since.pop(contact, None)
        if since is not None:
            self._last[contact] = (since, at)

    def contact_erased(self, contact: ContactKey) -> None:
        """Moca forgets who holds the thread: Instagram refuses what goes there nevertheless."""
        self._since.pop(contact, None)

    def acknowledged(self, control: ThreadControl) -> None:
        """Take note of who holds a thread."""
        told_at = self._ledger.told_at(control.event.key)
        latest = self._controlled_at.get(control.contact)
        if told_at is None or (latest is not None and told_at <= latest):
            return
        self._controlled_at[control.contact] = told_at
        if control.is_ours:
            self.take_back_if_ours(control.contact, told_at)
        else:
            self._since[control.contact] = told_at

    def came_back(self, item: Row) -> bool:
        """Return whether a message to Moca is on disk, even if the process died before telling."""
        told = self._ledger.count(
            "SELECT COUNT(*) FROM message m JOIN webhook w ON w.id = m.webhook_id "
            "WHERE m.conversation_id = ? AND m.role = 'user' AND w.received_at > ? "
            "AND instr(w.body, '\"standby\"') = 0",
            item["conversation_id"],
            stored(self._since[contact_of(item)]),
        )
        return told > 0

    def wrote(self, echo: Row) -> bool:
        """Return whether the other app may have written this, in a thread that Moca controls again.

        What is no reply of ours pauses the bot no longer than the other app's turn then.
        """
        at = instant(echo["created_at"])
        since, until = self._last.get(contact_of(echo), (at, at))
        return since <= at < until
