from concurrent.futures import Future
from datetime import timedelta

from moca.core.content import Content
from moca.core.messages import (
    CancelReply,
    ChangeConversation,
    Command,
    QueueReply,
    RetryReply,
    SettleReply,
)
from moca.core.vocabulary import Author, ConversationStatus
from tests.simulation.clockwork import Clockwork
from tests.simulation.instagram import Instagram
from tests.simulation.ledger import Ledger, Row, contact_of, instant
from tests.simulation.script import Operates

_PATIENCE = timedelta(minutes=5)
"""Long enough for Moca to have settled whatever it can."""

_CHANGES = {
    "close": ConversationStatus.CLOSED,
    "reopen": ConversationStatus.OPEN,
    "pause": ConversationStatus.PAUSED,
    "resume": ConversationStatus.OPEN,
}
_FITTING = {
    "cancel": ("pending",),
    "retry": ("failed", "cancelled"),
    "settle": ("unknown",),
}


class Operator:
    """Acts as a person at the dashboard would: on what it shows, and honestly."""

    def __init__(self, ledger: Ledger, instagram: Instagram, clockwork: Clockwork) -> None:
        self._ledger = ledger
        self._instagram = instagram
        self._clockwork = clockwork
        self.overruled: set[int] = set()
        """Items that were retried or settled by hand."""

    def command(self, act: Operates) -> Command | None:
        """Say what is asked of Moca; None where nothing fits."""
        if act.action in _FITTING:
            return self._on_item(act)
        conversation = self._ledger.conversation(act.contact)
        if conversation is None:
            return None
        now, receipt = self._clockwork.now(), Future()
        span = None if act.seconds is None else timedelta(seconds=act.seconds)
        if act.action == "write":
            return QueueReply(
                conversation["id"],
                (),
                content=Content(text=act.text),
                at=now,
                author=Author.OPERATOR,
                priority=act.priority,
                scheduled_for=span and now + span,
                receipt=receipt,
            )
        until = now + span if span else None
        return ChangeConversation(conversation["id"], _CHANGES[act.action], now, until, receipt)

    def settle_all(self) -> list[Command]:
        """Settle what stays unknown, one at a time: equal texts are told apart by number."""
        by = self._clockwork.now() - _PATIENCE
        unknown = self._ledger.items("q.status = 'unknown'")
        settled = (self._settle(row) for row in unknown if instant(row["sending_at"]) < by)
        return [each for each in settled if each is not None][:1]

    def _on_item(self, act: Operates) -> Command | None:
        statuses = _FITTING[act.action]
        marks = ", ".join("?" * len(statuses))
        where = f"q.status IN ({marks}) AND k.psid = ? AND k.account_id = ?"
        rows = self._ledger.items(where, *statuses, act.contact.psid, act.contact.account_id)
        if not rows:
            return None
        row, now = rows[0], self._clockwork.now()
        if act.action == "cancel":
            return CancelReply(row["id"], now, Future())
        if act.action == "settle":
            return self._settle(row)
        if self._arrived(row) is not False:
            return None
        self.overruled.add(row["id"])
        return RetryReply(row["id"], now, Future())

    def _settle(self, row: Row) -> Command | None:
        arrived = self._arrived(row)
        if arrived is None:
            return None
        self.overruled.add(row["id"])
        return SettleReply(row["id"], arrived, self._clockwork.now(), Future())

    def _arrived(self, row: Row) -> bool | None:
        """Tell whether its person sees it; None while that may still change or cannot be told."""
        on_the_way = {each.text for each in self._instagram.on_the_way}
        if row["text"] in on_the_way:
            return None
        contact = contact_of(row)
        came = [m for c, m in self._instagram.arrivals() if (c, m.text) == (contact, row["text"])]
        alike = self._ledger.items(
            "m.text = ? AND k.psid = ? AND k.account_id = ?",
            row["text"],
            contact.psid,
            contact.account_id,
        )
        if any(each["status"] == "sending" for each in alike):
            return None
        return len(came) > sum(each["status"] == "sent" for each in alike)
