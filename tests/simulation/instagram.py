from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.core.contact import ContactKey
from moca.core.content import Content
from moca.core.delivery import (
    AccountStopped,
    Delivered,
    DeliveryResult,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
    Unreadable,
    VerificationResult,
)
from moca.core.reply import DIRECT, Way
from moca.core.webhook import Echo, InboundMessage
from moca.instagram.record import Record, find_in_record
from moca.instagram.sandbox.payloads import graph_message
from moca.instagram.sandbox.threads import SandboxMessage
from tests.simulation.clockwork import BEGINNING, Backstage, Clockwork
from tests.simulation.script import (
    AnswersByHand,
    Outage,
    Reading,
    Script,
    Sending,
    Writes,
)
from tests.simulation.trace import Trace
from tests.simulation.webhooks import Webhooks


class BrokenCallError(Exception):
    """Raised out of a call as no client should."""


@dataclass(frozen=True)
class Shown:
    """A message in a thread as its person sees it."""

    message: SandboxMessage
    recorded_at: datetime
    by_moca: bool = False


@dataclass(eq=False)
class OnTheWay:
    """A text that Instagram took and its person does not see yet."""

    contact: ContactKey
    text: str
    arrive: Callable[[], None] = lambda: None


class Instagram:
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
        self.told: set[str] = set()
        """What people wrote, by its id."""
        self.threads: dict[ContactKey, list[Shown]] = defaultdict(list)
        self.on_the_way: list[OnTheWay] = []
        self.unreadable: list[tuple[ContactKey, str]] = []
        self.calls = 0
        self.readings = 0
        self.faults = 0
        self.call_started = lambda contact, text, way: None
        self.call_ended = lambda contact, mid: None
        self.told_to_wait = lambda account_id, until: None
        self.account_refused = lambda account_id: None

    def hears(self, writes: Writes) -> None:
        """Take what a person writes, and tell it."""
        self.told.add(writes.mid)
        self._show(writes.contact, writes.mid, "contact", writes.text)
        self._webhooks.tell(
            InboundMessage(
                contact=writes.contact,
                mid=writes.mid,
                kind=writes.kind,
                type=writes.type,
                text=writes.text,
                sent_at=self._clockwork.true,
                unanswerable=writes.unanswerable,
            ),
            writes.delays,
        )

    def hears_by_hand(self, answers: AnswersByHand) -> None:
        """Take what somebody writes in the account's app, and echo it."""
        self._show(answers.contact, answers.mid, "account", answers.text)
        self._echo(answers.contact, answers.mid, answers.text, answers.delays)

    def arrivals(self) -> list[tuple[ContactKey, SandboxMessage]]:
        """List what Moca brought to people."""
        return [
            (contact, each.message)
            for contact, thread in self.threads.items()
            for each in thread
            if each.by_moca
        ]

    def send(
        self, contact: ContactKey, text: str, way: Way, backstage: Backstage
    ) -> DeliveryResult:
        self.calls += 1
        number = self.calls
        self._trace.tell(f"call {number} to {contact.psid}: {text}")
        self.call_started(contact, text, way)
        outage = self._outage_of(contact.account_id)
        sending = self._sendings.get(number) or Sending(number=number)
        self.faults += outage is not None or number in self._sendings
        if outage is not None:
            left = outage.at + outage.seconds - self._clockwork.seconds
            sending = Sending(
                number=number, arrives=None, answer=outage.answer, answers=0.2, wait=left
            )
        if sending.arrives is not None:
            self._bring(contact, text, sending)
        backstage.wait(sending.answers)
        self._trace.tell(f"call {number} ends: {sending.answer}")
        self.call_ended(contact, f"ig{number}")
        if sending.answer in ("throttled", "stopped"):
            self.account_refused(contact.account_id)
        return self._answer(contact, sending)

    def find(
        self,
        contact: ContactKey,
        text: str,
        since: datetime,
        known_mids: frozenset[str],
        backstage: Backstage,
    ) -> VerificationResult:
        self.readings += 1
        number = self.readings
        reading = self._readings.get(number) or Reading(number=number, is_unreadable=False)
        backstage.wait(reading.seconds)
        if reading.is_unreadable:
            self.faults += 1
            self.unreadable.append((contact, text))
            return Unreadable("the record cannot be read")
        return find_in_record(
            self._record(contact), contact.psid, Content(text=text), since, known_mids
        )

    def _bring(self, contact: ContactKey, text: str, sending: Sending) -> None:
        on_the_way = OnTheWay(contact, text)
        self.on_the_way.append(on_the_way)

        def arrive() -> None:
            if on_the_way not in self.on_the_way:
                return
            self.on_the_way.remove(on_the_way)
            mid = f"ig{sending.number}"
            self._trace.tell(f"arrives as {mid} at {contact.psid}: {text}")
            self._show(contact, mid, "account", text, sending.recorded, by_moca=True)
            self._echo(contact, mid, text, sending.echoes)

        on_the_way.arrive = arrive
        self._clockwork.after(sending.arrives or 0, arrive)

    def hangs_up(self, soon: float) -> None:
        """Lose the connection to a process that died: what still arrives does so before long."""
        for each in self.on_the_way:
            self._clockwork.after(soon, each.arrive)

    def _answer(self, contact: ContactKey, sending: Sending) -> DeliveryResult:
        match sending.answer:
            case "delivered":
                return Delivered(f"ig{sending.number}")
            case "undelivered":
                return Undelivered("connection refused")
            case "throttled":
                wait = None if sending.wait is None else timedelta(seconds=sending.wait)
                if wait is not None:
                    self.told_to_wait(contact.account_id, self._clockwork.true + wait)
                return Throttled("too many calls", wait)
            case "stopped":
                return AccountStopped("the token is dead")
            case "rejected":
                return Rejected("the person is gone")
            case "broken":
                raise BrokenCallError
            case _:
                return Unconfirmed("no answer in time")

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

    def _show(self, contact, mid, sender, text, recorded=0.0, by_moca=False) -> None:
        at = self._clockwork.true
        shown = Shown(
            SandboxMessage(mid, sender, text, at), at + timedelta(seconds=recorded), by_moca
        )
        self.threads[contact].append(shown)

    def _echo(self, contact: ContactKey, mid: str, text: str, delays: tuple[float, ...]) -> None:
        echo = Echo(contact=contact, mid=mid, text=text, sent_at=self._clockwork.true)
        self._webhooks.tell(echo, delays)

    def _record(self, contact: ContactKey) -> Record:
        now = self._clockwork.true
        shown = [each.message for each in self.threads[contact] if each.recorded_at <= now]
        newest = [graph_message(contact, contact.psid, each) for each in shown[-20:][::-1]]
        return Record.model_validate({"messages": {"data": newest}})


class Line:
    """One process's connection to Instagram; stands in for the Graph client."""

    def __init__(self, instagram: Instagram, backstage: Backstage) -> None:
        self._instagram = instagram
        self._backstage = backstage

    def send(self, contact: ContactKey, content: Content, way: Way = DIRECT) -> DeliveryResult:
        return self._instagram.send(contact, content.text, way, self._backstage)

    def act(self, contact, action) -> str:
        return "nobody looks"

    def find_message(self, contact, content, since, known_mids) -> VerificationResult:
        return self._instagram.find(contact, content.text, since, known_mids, self._backstage)

    def profile(self, contact: ContactKey) -> Unreadable:
        return Unreadable("nobody tells names here")

    def close(self) -> None:
        pass


def instant(seconds: float) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)
