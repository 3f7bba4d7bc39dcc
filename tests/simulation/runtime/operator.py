from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta

from moca.core.content.content import Content, Media, Reaction
from moca.core.messages.command import Command
from moca.core.messages.idempotency import RequestKey
from moca.core.messages.labels import AddLabel, LabelColour, LabelConversation
from moca.core.messages.operator_actions import (
    ApproveReply,
    CancelReply,
    ChangeConversation,
    DiscardReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.core.messages.operators import AuditedCommand
from moca.core.messages.replies import QueueReply
from moca.core.topics import Mode, TopicMode
from moca.core.types import Author, ConversationStatus
from tests.simulation.instagram.instagram import SimulatedInstagram
from tests.simulation.instagram.texts import said_in
from tests.simulation.oracle.ledger import Ledger, Row, contact_of
from tests.simulation.runtime.bots import next_version
from tests.simulation.runtime.push_service import assignment
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.script import Operates
from tests.simulation.worlds.settings import DISCLOSURE

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
    "edit": ("pending",),
    "approve": ("held",),
    "amend": ("held",),
    "discard": ("held",),
}
_ON_ALL = {"freeze": FreezeQueue, "release": ReleaseQueue}


class SimulatedOperator:
    """Acts as a person at the dashboard would: on what it shows, and honestly."""

    def __init__(self, ledger: Ledger, instagram: SimulatedInstagram, clockwork: Clockwork) -> None:
        self._ledger = ledger
        self._instagram = instagram
        self._clockwork = clockwork
        self.overruled: set[int] = set()
        """Items that were retried or settled by hand."""
        self._unknown_since: dict[int, datetime] = {}
        """In true time: the machine's clock may leap."""
        self.rewords: Callable[[str, str], None] = lambda old, new: None

    def command(self, act: Operates) -> Command | None:
        """Return the command for an action; None if it fits nothing."""
        if act.action in _ON_ALL:
            return _ON_ALL[act.action](self._clockwork.now(), receipt=Future())
        if act.action in _FITTING:
            return self._on_item(act)
        if act.action == "publish":
            return next_version(self._ledger, act.contact.account_id, self._clockwork.now())
        if act.action == "assign":
            return assignment(self._ledger, act, self._clockwork.now())
        conversation = self._ledger.conversation(act.contact)
        if conversation is None:
            return None
        now = self._clockwork.now()
        receipt: Future[object] = Future()
        span = None if act.seconds is None else timedelta(seconds=act.seconds)
        if act.action == "answer":
            return _answer(act, conversation, now)
        if act.action == "draft":
            return _draft(act, conversation, now)
        if act.action == "label":
            return self._label(conversation["id"])
        content = self._content(act, conversation)
        if content is not None:
            return QueueReply(
                conversation["id"],
                (),
                content=content,
                at=now,
                author=Author.OPERATOR,
                priority=act.priority,
                scheduled_for=None if span is None else now + span,
                receipt=receipt,
            )
        if act.action not in _CHANGES:
            return None
        until = now + span if span else None
        return ChangeConversation(
            conversation["id"], _CHANGES[act.action], now, until, receipt=receipt
        )

    def _label(self, conversation_id: int) -> Command:
        """Return the command that labels a conversation, or first adds the label."""
        if not self._ledger.count("SELECT COUNT(*) FROM label"):
            return AddLabel("Refund", LabelColour.RED, receipt=Future())
        return LabelConversation(conversation_id, (1,), receipt=Future())

    def _content(self, act: Operates, conversation: Row) -> Content | None:
        match act.action:
            case "write":
                return Content(text=act.text)
            case "show":
                return Content(
                    media=Media(type="image", url=f"https://media.test/{act.text.split()[-1]}")
                )
            case "react":
                mid = self._newest(conversation)
                return Content(reaction=Reaction(mid=mid, emoji="love")) if mid else None
        return None

    def _newest(self, conversation: Row) -> str | None:
        rows = self._ledger.messages(
            "m.conversation_id = ? AND m.role = 'user' AND m.kind = 'message'", conversation["id"]
        )
        return rows[-1]["mid"] if rows else None

    def release(self) -> list[Command]:
        """Release the queue where it is frozen still."""
        is_frozen = self._ledger.count("SELECT COUNT(*) FROM freeze")
        return [ReleaseQueue(self._clockwork.now(), receipt=Future())] if is_frozen else []

    def settle_all(self) -> list[SettleReply]:
        """Settle what stays unknown, one at a time: equal texts are told apart by number."""
        now = self._clockwork.true
        unknown = self._ledger.items("q.status = 'unknown'")
        self._unknown_since = {
            row["id"]: self._unknown_since.get(row["id"], now) for row in unknown
        }
        by = now - _PATIENCE
        settled = (self._settle(row) for row in unknown if self._unknown_since[row["id"]] < by)
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
            return CancelReply(row["id"], now, receipt=Future())
        if act.action == "settle":
            return self._settle(row)
        if act.action == "edit":
            self.rewords(said_in(row), act.text)
            return EditReply(row["id"], act.text, now, receipt=Future())
        if act.action in ("approve", "amend", "discard"):
            return self._review(row, act, now)
        if self._arrived(row) is not False:
            return None
        self._carry_out(row)
        return RetryReply(row["id"], now, receipt=Future())

    def _review(self, row: Row, act: Operates, now: datetime) -> Command:
        if act.action == "discard":
            return DiscardReply(row["id"], now, receipt=Future())
        if act.action == "approve" or not row["text"]:
            return ApproveReply(row["id"], now, receipt=Future())
        text = row["text"].startswith(DISCLOSURE) * f"{DISCLOSURE}\n\n" + act.text
        self.rewords(said_in(row), text)
        return ApproveReply(row["id"], now, {row["id"]: text}, receipt=Future())

    def review_all(self) -> list[Command]:
        """Approve every draft that waits for it."""
        drafts = self._ledger.items("q.status = 'held' AND q.release_at IS NULL")
        now = self._clockwork.now()
        return [ApproveReply(row["id"], now, receipt=Future()) for row in drafts]

    def _settle(self, row: Row) -> SettleReply | None:
        arrived = self._arrived(row)
        if arrived is None:
            return None
        self._carry_out(row)
        return SettleReply(row["id"], arrived, self._clockwork.now(), receipt=Future())

    def _carry_out(self, row: Row) -> None:
        """Note that a reply, and the parts after it, go or have gone by the operator's word."""
        own = self._ledger.items("k.psid = ? AND k.account_id = ?", row["psid"], row["account_id"])
        parts = [each for each in own if _first_part(each) == _first_part(row)]
        self.overruled.update(each["id"] for each in parts if each["id"] >= row["id"])

    def _arrived(self, row: Row) -> bool | None:
        """Return whether the contact sees a reply; None while that may change or is unknown."""
        contact, name = contact_of(row), said_in(row)
        if name in {each.said for each in self._instagram.on_the_way}:
            return None
        came = [c for c, each in self._instagram.arrivals() if (c, each.said) == (contact, name)]
        own = self._ledger.items("k.psid = ? AND k.account_id = ?", contact.psid, row["account_id"])
        alike = [each for each in own if said_in(each) == name]
        if any(each["status"] == "sending" for each in alike):
            return None
        found: bool | None = len(came) > sum(each["status"] == "sent" for each in alike)
        return found


def _answer(act: Operates, conversation: Row, now: datetime) -> AuditedCommand:
    reply = QueueReply(
        conversation["id"],
        (),
        Content(text=act.text),
        now,
        Author.OPERATOR,
        author_name="Ada",
        hold=True,
        receipt=Future(),
    )
    request = RequestKey(act.text, f"{conversation['id']} {act.text}")
    return AuditedCommand(reply, "Ada", "sent a reply", "", now, request=request)


def _draft(act: Operates, conversation: Row, now: datetime) -> QueueReply:
    return QueueReply(
        conversation["id"],
        (),
        Content(text=act.text),
        now,
        Author.OPERATOR,
        author_name="API key assistant",
        mode=TopicMode(Mode.DRAFT),
        receipt=Future(),
    )


def _first_part(row: Row) -> int:
    return int(row["part_of_id"] or row["message_id"])
