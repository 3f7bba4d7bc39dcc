from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import (
    AccountStopped,
    Delivered,
    DeliveryResult,
    KnownMessages,
    RecordUnreadable,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
    VerificationResult,
)
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ContactKey
from moca.instagram.errors import GraphError, classify
from moca.instagram.record.message import FetchedMessage
from moca.instagram.record.record import Record, find_in_record
from moca.instagram.sandbox.payloads import graph_message
from moca.instagram.sandbox.threads import SandboxMessage
from tests.simulation.instagram.payloads import echoed
from tests.simulation.instagram.texts import said
from tests.simulation.instagram.webhooks import Webhooks
from tests.simulation.runtime.virtual_time import BEGINNING, Backstage, Clockwork
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import Outage, Reading, Script, Sending
from tests.simulation.worlds.settings import ACCOUNT_PAUSE

_ELSEWHERE = GraphError(code=100, error_subcode=2534037)
_HAS_ITS_PRIVATE_REPLY = GraphError(code=100, error_subcode=2534025)
_BAD_REQUEST = 400
CallStarted = Callable[[ContactKey, Content, ReplyAddress], None]
AccountRefused = Callable[[str, timedelta | None], None]


class BrokenCallError(Exception):
    """Raised out of a call as no client should."""


@dataclass(frozen=True)
class Shown:
    message: SandboxMessage
    said: str
    recorded_at: datetime
    by_moca: bool = False

    @property
    def mid(self) -> str:
        return self.message.mid

    @property
    def at(self) -> datetime:
        return self.message.at


@dataclass(eq=False)
class OnTheWay:
    """A text that Instagram took and its person does not see yet."""

    contact: ContactKey
    said: str
    arrive: Callable[[], None] = lambda: None


class SimulatedInstagram:
    """What people see, and all the ways in which Instagram loses, repeats, delays and lies."""

    def __init__(
        self, script: Script, clockwork: Clockwork, webhooks: Webhooks, trace: Trace
    ) -> None:
        self._clockwork = clockwork
        self._webhooks = webhooks
        self._trace = trace
        happenings = script.happenings
        self._sendings = {each.number: each for each in happenings if isinstance(each, Sending)}
        self._readings = {each.number: each for each in happenings if isinstance(each, Reading)}
        self._outages = [each for each in happenings if isinstance(each, Outage)]
        self.threads: dict[ContactKey, list[Shown]] = defaultdict(list)
        self.on_the_way: list[OnTheWay] = []
        self.unreadable: list[tuple[ContactKey, str]] = []
        self.elsewhere: set[ContactKey] = set()
        """Whose thread another app holds."""
        self.reactions: set[tuple[ContactKey, str]] = set()
        """Signs that Moca put on messages."""
        self.private_replies: dict[str, int] = {}
        """By comment, the call that brought its private reply."""
        self.fetched: set[str] = set()
        self.calls = self.readings = self.faults = 0
        self.call_started: CallStarted = lambda contact, content, way: None
        self.call_ended: Callable[..., None] = lambda contact, mid, *, is_delivered: None
        self.told_to_wait: Callable[[str, datetime], None] = lambda account_id, until: None
        self.pauses: Callable[[str, datetime], None] = lambda account_id, until: None
        self.account_refused: AccountRefused = lambda account_id, wait: None

    def arrivals(self) -> list[tuple[ContactKey, Shown]]:
        """List what Moca brought to people."""
        return [
            (contact, each)
            for contact, thread in self.threads.items()
            for each in thread
            if each.by_moca
        ]

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress, backstage: Backstage
    ) -> DeliveryResult:
        self.calls += 1
        number = self.calls
        self._trace.tell(f"call {number} to {contact.psid}: {said(content)[:60]}")
        self.call_started(contact, content, way)
        sending = self._course_of(number, contact)
        refused = self._refuses(contact, way) if sending.arrives is not None else None
        if refused is not None:
            sending = Sending(number=number, arrives=None, answer="refused", answers=0.2)
        elif sending.arrives is not None:
            self._bring(contact, content, way, sending)
        backstage.wait(sending.answers)
        self._trace.tell(f"call {number} ends: {sending.answer}")
        self.call_ended(contact, f"ig{number}", is_delivered=sending.answer == "delivered")
        if sending.answer in ("stopped", "dead"):
            self.account_refused(contact.account_id, None)
        elif sending.answer == "throttled":
            wait = ACCOUNT_PAUSE if sending.wait is None else timedelta(seconds=sending.wait)
            self.account_refused(contact.account_id, wait)
        return refused or _for_a_sign(content, self._answer(contact, sending))

    def _course_of(self, number: int, contact: ContactKey) -> Sending:
        outage = self._outage_of(contact.account_id)
        self.faults += outage is not None or number in self._sendings
        if outage is None:
            return self._sendings.get(number) or Sending(number=number)
        left = outage.at + outage.seconds - self._clockwork.seconds
        return Sending(number=number, arrives=None, answer=outage.answer, answers=0.2, wait=left)

    def _refuses(self, contact: ContactKey, way: ReplyAddress) -> DeliveryResult | None:
        if way.comment_id in self.private_replies:
            return classify(_HAS_ITS_PRIVATE_REPLY, _BAD_REQUEST)
        is_held = contact in self.elsewhere and way.comment_id is None
        return classify(_ELSEWHERE, _BAD_REQUEST) if is_held else None

    def find(
        self,
        contact: ContactKey,
        content: Content,
        since: datetime,
        known: KnownMessages,
        backstage: Backstage,
    ) -> VerificationResult:
        found: VerificationResult = RecordUnreadable("the record cannot be read")
        if self._can_be_read(backstage):
            found = find_in_record(self._record(contact), contact.psid, content, since, known)
        if isinstance(found, RecordUnreadable):
            self.unreadable.append((contact, said(content)))
        return found

    def fetch(
        self, account_id: str, mid: str, backstage: Backstage
    ) -> InboundMessage | Echo | RecordUnreadable:
        if not self._can_be_read(backstage):
            return RecordUnreadable("the message cannot be read")
        threads = ((c, each) for c, thread in self.threads.items() for each in thread)
        shown = next(((c, each) for c, each in threads if each.mid == mid), None)
        if shown is None:
            return RecordUnreadable("there is no such message")
        contact, message = shown[0], shown[1].message
        told = graph_message(contact, contact.psid, message)
        self.fetched.add(mid)
        found = FetchedMessage.model_validate(told).as_event_of(account_id, mid)
        return found or RecordUnreadable("nobody wrote it")

    def _can_be_read(self, backstage: Backstage) -> bool:
        self.readings += 1
        unplanned = Reading(number=self.readings, is_unreadable=False)
        reading = self._readings.get(self.readings, unplanned)
        backstage.wait(reading.seconds)
        self.faults += reading.is_unreadable
        return not reading.is_unreadable

    def _bring(
        self, contact: ContactKey, content: Content, way: ReplyAddress, sending: Sending
    ) -> None:
        on_the_way = OnTheWay(contact, said(content))
        self.on_the_way.append(on_the_way)
        if way.comment_id is not None:
            self.private_replies[way.comment_id] = sending.number

        def arrive() -> None:
            if on_the_way not in self.on_the_way:
                return
            self.on_the_way.remove(on_the_way)
            mid = f"ig{sending.number}"
            self._trace.tell(f"arrives as {mid} at {contact.psid}: {said(content)[:60]}")
            if content.reaction is not None:
                self.reactions.add((contact, said(content)))
                return
            self.show(contact, mid, "account", content, sending.recorded, by_moca=True)
            told = echoed(contact, mid, content, self._clockwork.true)
            self._webhooks.tell(told, sending.echoes)

        on_the_way.arrive = arrive
        self._clockwork.after(sending.arrives or 0, arrive)

    def hangs_up(self, soon: float) -> None:
        """Lose the connection to a process that died: what still arrives does so before long."""
        for each in self.on_the_way:
            self._clockwork.after(soon, each.arrive)

    def _answer(self, contact: ContactKey, sending: Sending) -> DeliveryResult:
        match sending.answer:
            case "delivered":
                self._use(contact.account_id, sending.usage_percent)
                return Delivered(f"ig{sending.number}", sending.usage_percent)
            case "undelivered":
                return Undelivered("connection refused")
            case "throttled":
                wait = None if sending.wait is None else timedelta(seconds=sending.wait)
                if wait is not None:
                    self.told_to_wait(contact.account_id, self._clockwork.true + wait)
                return Throttled("too many calls", wait)
            case "stopped" | "dead":
                return AccountStopped("it must be mended", is_token_dead=sending.answer == "dead")
            case "rejected":
                return Rejected("the person is gone")
            case "broken":
                raise BrokenCallError
            case _:
                return Unconfirmed("no answer in time")

    def _use(self, account_id: str, usage_percent: float) -> None:
        """Near its quota an account pauses, up to a minute where nothing is left of it."""
        pause = 60 * (max(usage_percent - 75, 0) / 25) ** 2
        if pause:
            self.pauses(account_id, self._clockwork.true + timedelta(seconds=pause))
            self.account_refused(account_id, timedelta(seconds=pause))

    def _outage_of(self, account_id: str) -> Outage | None:
        now = self._clockwork.seconds
        return next(
            (
                each
                for each in self._outages
                if each.account_id == account_id and each.at <= now < each.at + each.seconds
            ),
            None,
        )

    def show(
        self,
        contact: ContactKey,
        mid: str,
        sender: Literal["contact", "account"],
        content: Content,
        recorded: float = 0.0,
        *,
        by_moca: bool = False,
    ) -> None:
        at = self._clockwork.true
        text = "" if content.media or content.buttons else content.text
        self.threads[contact].append(
            Shown(
                SandboxMessage(mid, sender, text, at),
                said(content),
                at + timedelta(seconds=recorded),
                by_moca,
            )
        )

    def newest_in_record(self, contact: ContactKey) -> list[Shown]:
        """List what the Conversations API shows of a thread, newest first."""
        now = self._clockwork.true
        return [each for each in self.threads[contact] if each.recorded_at <= now][-20:][::-1]

    def _record(self, contact: ContactKey) -> Record:
        newest = [
            graph_message(contact, contact.psid, each.message)
            for each in self.newest_in_record(contact)
        ]
        return Record.model_validate({"messages": {"data": newest}})


def _for_a_sign(content: Content, result: DeliveryResult) -> DeliveryResult:
    """Answer as the Graph client does: a reaction has no name, and never is in doubt."""
    match result:
        case Delivered() if content.reaction is not None:
            return Delivered(None)
        case Unconfirmed(because) if content.reaction is not None:
            return Undelivered(because)
        case _:
            return result


def instant(seconds: float) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)
