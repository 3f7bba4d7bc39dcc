from datetime import datetime, timedelta

from moca.core.content.content import Content
from moca.core.inbound.events import (
    Deletion,
    Echo,
    Edit,
    Event,
    InboundMessage,
    OtherEvent,
    ThreadControl,
)
from moca.core.messages.delivery import (
    ReplyDropped,
    ReplyFailed,
    ReplySent,
    ReplyUnknown,
)
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import BrokenCallError, SimulatedInstagram
from tests.simulation.instagram.texts import said, said_in
from tests.simulation.oracle.calls import Calls
from tests.simulation.oracle.claims import Claims
from tests.simulation.oracle.deaths import Death
from tests.simulation.oracle.invariants import Broken, Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.oracle.queue_control import QueueControl
from tests.simulation.oracle.rate_limits import SendingLimits
from tests.simulation.oracle.reply_windows import ReplyWindowWatch
from tests.simulation.oracle.revisions import Revisions
from tests.simulation.oracle.silence import SilenceWatch
from tests.simulation.oracle.team.takeovers import Takeovers
from tests.simulation.oracle.thread_control import ThreadControls
from tests.simulation.runtime.generator import BrokenGeneratorError
from tests.simulation.runtime.virtual_time import ActorCrashedError, Clockwork
from tests.simulation.worlds.script import ClockSteps, PassesThread, Script

_EXPECTED = (ActorCrashedError, BrokenCallError, BrokenGeneratorError)
_SECOND = timedelta(seconds=1)


class Oracle:
    """Watches what must always hold (design, section 4) while the run goes on."""

    def __init__(
        self, script: Script, clockwork: Clockwork, ledger: Ledger, instagram: SimulatedInstagram
    ) -> None:
        self.broken: list[Broken] = []
        self.acknowledged_mids: set[str] = set()
        self.acknowledged_at: dict[str, datetime] = {}
        """When Meta first heard 200 to a contact's message."""
        self.spoken: list[tuple[datetime, ContactKey]] = []
        """When a contact's conversation learned that something was, or may have been, said."""
        self._sent: list[tuple[datetime, ContactKey]] = []
        self.deaths: list[Death] = []
        self.losses: list[datetime] = []
        """When events may have been lost, by the machine's clock."""
        self.keeps_order = True
        """Whether answers are queued in the order of messages; not where an actor missed some."""
        self.known_at: dict[str, datetime] = {}
        """When the call ended that brought a message, or was to, or its end was forgotten."""
        self._settings = script.settings
        self._clockwork = clockwork
        self.ledger = ledger
        steps = [each.seconds for each in script.happenings if isinstance(each, ClockSteps)]
        self.slack = timedelta(seconds=sum(abs(step) for step in steps))
        self.freed: set[ContactKey] = set()
        """Contacts about whose conversation the operator decided anew."""
        self.erased: set[ContactKey] = set()
        """Contacts whose erasure was asked for: what Meta repeats of them is new."""
        self.overruled: set[int] = set()
        """Items that the operator retried or settled."""
        self.pace = SendingLimits(script.settings, clockwork, ledger, self.slack, self.is_broken)
        self.revisions = Revisions(clockwork, ledger, self.is_broken)
        step_cost = script.settings.step_cost
        self.control = QueueControl(clockwork, self.slack, step_cost, self.is_broken)
        takeover = timedelta(seconds=script.settings.takeover)
        self.takeovers = Takeovers(clockwork, ledger, takeover, self.slack, self.is_broken)
        passed = [each for each in script.happenings if isinstance(each, PassesThread)]
        self.takeovers.freed.update(each.contact for each in passed)
        self._elsewhere = ThreadControls(ledger)
        self.claims = Claims(ledger)
        self._silence = SilenceWatch(
            clockwork,
            ledger,
            self.claims,
            self._elsewhere,
            self.freed,
            self.slack,
            self.is_broken,
        )
        self._windows = ReplyWindowWatch(script, clockwork, ledger, self.slack, self.is_broken)
        self._instagram = instagram
        same_texts = script.settings.same_texts
        self.calls = Calls(clockwork, ledger, instagram, self.is_broken, same_texts)

    def is_broken(self, invariant: Invariant, what: str) -> None:
        """Note that an invariant does not hold."""
        self.broken.append(Broken(invariant, what))

    def observe(self, event: object) -> None:
        if isinstance(event, ReplySent | ReplyUnknown):
            self.spoken.append((self._clockwork.now(), event.contact))
        if isinstance(event, ReplySent) and event.is_said:
            # A late echo tells of it once more.
            self._sent.append((max(event.at, self._clockwork.now()), event.contact))
        if isinstance(event, ReplySent | ReplyFailed | ReplyDropped):
            self.pace.reply_left(event.contact)
        self.calls.observe(event)
        self._silence.observe(event)

    def contact_erased(self, contact: ContactKey) -> None:
        """Note that Moca forgets, or may have forgotten, all that it knew of a contact."""
        self.erased.add(contact)
        self.calls.contact_erased(contact)
        self.revisions.contact_erased(contact)
        self._elsewhere.contact_erased(contact)

    def has_answered_between(self, first: Row, row: Row) -> bool:
        """Return whether the bot had surely answered a message when its repeat came."""
        if self.losses or self.deaths or self.slack:
            return False
        since, until = instant(first["created_at"]), instant(row["created_at"]) - _SECOND
        contact = contact_of(row)
        return any(to == contact and since < at < until for at, to in self._sent)

    def acknowledged(self, event: Event) -> None:
        """Meta has heard 200."""
        match event:
            case Echo():
                self._acknowledged_echo(event)
            case InboundMessage():
                self._acknowledged_message(event)
            case OtherEvent():
                self._acknowledged_other(event)
            case _:
                self._acknowledged_other(event.event)
        match event:
            case Deletion():
                self.revisions.acknowledged_unsent(event)
            case Edit():
                self.revisions.acknowledged_edit(event)
            case ThreadControl():
                self._elsewhere.acknowledged(event)

    def _acknowledged_message(self, message: InboundMessage) -> None:
        rows = self.ledger.messages("m.mid = ? AND m.kind = ?", message.mid, message.kind)
        self.acknowledged_mids.add(message.mid)
        self.acknowledged_at.setdefault(message.mid, self._clockwork.true)
        if [row["role"] for row in rows] != ["user"]:
            self.is_broken(
                Invariant.ACKNOWLEDGED_IS_STORED,
                f"{message.mid} was acknowledged and is not on disk",
            )
        if rows and not message.is_standby:
            self._elsewhere.take_back_if_ours(message.contact, instant(rows[0]["created_at"]))

    def _acknowledged_other(self, event: OtherEvent) -> None:
        if self.ledger.count("SELECT COUNT(*) FROM event WHERE key = ?", event.key) != 1:
            self.is_broken(
                Invariant.ACKNOWLEDGED_IS_STORED,
                f"{event.kind} of {event.mid} was acknowledged and is not on disk",
            )

    def call_started(self, contact: ContactKey, content: Content, way: ReplyAddress) -> None:
        """Moca calls Instagram."""
        self.pace.call_started(contact, is_private=way.comment_id is not None)
        name = said(content)
        sending = self.ledger.items(
            "k.psid = ? AND k.account_id = ? AND q.status = 'sending'",
            contact.psid,
            contact.account_id,
        )
        rows = [row for row in sending if said_in(row) == name]
        if not rows:
            is_edited = any(map(self.control.is_edited, sending))
            invariant = Invariant.EDITED_REPLY if is_edited else Invariant.NOTHING_TWICE
            self.is_broken(invariant, f"called for {name!r}, which is not `sending` on disk")
            return
        item = max(rows, key=lambda row: row["sending_at"])
        self.control.judge_call(item)
        self.takeovers.judge_call(item)
        self.calls.judge(item)
        if item["id"] not in self.overruled and not self.slack:
            self.calls.judge_readings(item, timedelta(seconds=self._settings.settle))
        if item["author"] == "bot" and self._clockwork.true >= self.pace.blind_until:
            self._judge_order(item)
        self.pace.judge_priority(item)
        self._windows.judge_call(item, way)
        if item["author"] == "bot":
            self._silence.judge_call(item)
            if item["id"] not in self.overruled:
                self.revisions.judge_call(item, self.slack)

    def call_ended(self, contact: ContactKey, mid: str, *, is_delivered: bool) -> None:
        if is_delivered:
            self.known_at[mid] = self._clockwork.true
        self.known_at.setdefault(mid, self._clockwork.true)
        self.pace.call_ended(contact)

    def died(self, unsaved_since: datetime | None) -> None:
        """Whatever was being called is not known from now on, nor what came to no disk."""
        now = self._clockwork.true
        self.forgets()
        self.forgets_calls()
        self.pace.died(min(unsaved_since or now, now - _SECOND))

    def crashed(self, actor: str, doing: str, error: BaseException) -> None:
        if isinstance(error, ActorCrashedError):
            self.forgets_calls()
            self.pace.sender_crashed()
            if actor != "SenderActor":
                self.lost_events()
        elif not isinstance(error, _EXPECTED):
            self.is_broken(Invariant.RUNS_ON, f"{actor} crashed at {doing}: {error!r}")

    def lost_events(self) -> None:
        """Note that events told before now may be lost, as after a process died."""
        self.losses.append(self._clockwork.now())
        self.keeps_order = False
        self.pace.lost_events()
        self.forgets()

    def forgets(self) -> None:
        """What was in memory of conversations may be gone from now on."""
        self.deaths.append(Death(self._clockwork.now(), self.ledger.last_step_id()))

    def forgets_calls(self) -> None:
        """Note that what was being called may have arrived by now, for all that Moca knows."""
        for number in range(1, len(self.pace.starts) + 1):
            self.known_at.setdefault(f"ig{number}", self._clockwork.true)

    def _acknowledged_echo(self, echo: Echo) -> None:
        rows = self.ledger.messages("m.mid = ? AND m.kind = 'message'", echo.mid)
        if any(row["role"] == "user" for row in rows):
            self.is_broken(Invariant.ECHOES, f"the echo {echo.mid} became a person's message")
        if echo.mid.startswith("ig"):
            return
        if [row["author"] for row in rows] != ["human"]:
            self.is_broken(Invariant.ECHOES, f"the echo {echo.mid} of somebody else is not on disk")
            return
        if echo.mid in self.acknowledged_mids:
            return
        self.acknowledged_mids.add(echo.mid)
        conversation = self.ledger.conversation(echo.contact)
        is_open = conversation is None or conversation["status"] == "open"
        was_given_back = echo.contact in self.freed or self._elsewhere.wrote(rows[0])
        if is_open and not was_given_back:
            self.is_broken(Invariant.ECHOES, f"the echo {echo.mid} of somebody else paused nothing")

    def _judge_order(self, item: Row) -> None:
        left_to_the_operator = {text for _, text in self._instagram.unreadable}
        for each in self.ledger.bot_items_before(item):
            is_left = each["status"] == "unknown" and said_in(each) in left_to_the_operator
            if each["id"] not in self.overruled and not is_left:
                what = f"item {item['id']} goes before item {each['id']}"
                self.is_broken(Invariant.ORDER_OF_REPLIES, what)
