"""The whole system on one stepping dispatcher: real database, frozen clock, fake Instagram."""

from collections import Counter, deque
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from actors.background.jobs import Keeping
from actors.dependencies import World
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.system import System
from moca import clock
from moca.core.content.content import Content
from moca.core.conversation.consent import Consent
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import (
    Arrived,
    Delivered,
    DeliveryResult,
    NotArrived,
    Unconfirmed,
    Unreadable,
)
from moca.core.outbox.queued_reply import DIRECT, Way
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from moca.instagram.graph import Profile
from moca.replies.mock import MockGenerator
from moca.storage.db.tables import Message
from moca.storage.queries.history import recollect
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.storage.writer import Writer, WriterPolicy
from tests.support.databases import open_migrated
from tests.support.factory import ANNA

_CONVERSATION = ConversationPolicy()
_SENDER = SenderPolicy()
_NO_WORDS = Consent()
_NOTHING_KEPT = Keeping()


@dataclass(frozen=True)
class Call:
    """A text that reached Instagram."""

    at: datetime
    contact: ContactKey
    text: str
    mid: str
    content: Content
    way: Way


class FakeInstagram:
    """Takes what is sent, or does with it what a test has laid out for the next call."""

    def __init__(self) -> None:
        self.reached: list[Call] = []
        self.shown: list[tuple[datetime, ContactKey, str]] = []
        self.next_results: deque[DeliveryResult] = deque()
        self.lost_answers = 0
        """Of how many calls to come the message arrives and the answer does not."""
        self.readable: dict[str, InboundMessage | Echo] = {}
        self.fetched: list[str] = []

    def send(self, contact: ContactKey, content: Content, way: Way = DIRECT) -> DeliveryResult:
        if self.next_results:
            return self.next_results.popleft()
        mid = f"ig-{len(self.reached) + 1}"
        self.reached.append(Call(clock.now(), contact, content.text, mid, content, way))
        if self.lost_answers:
            self.lost_answers -= 1
            return Unconfirmed("no answer in time")
        return Delivered(mid)

    def act(self, contact: ContactKey, action: str) -> str | None:
        self.shown.append((clock.now(), contact, action))
        return None

    def find_message(self, contact, content, since, known_mids):
        for call in self.reached:
            is_it = (call.contact, call.text) == (contact, content.text) and call.at >= since
            if is_it and call.mid not in known_mids:
                return Arrived(call.mid, call.at)
        return NotArrived()

    def message(self, account_id: str, mid: str):
        self.fetched.append(mid)
        return self.readable.get(mid) or Unreadable("no such message")

    def profile(self, contact):
        return Profile(name=f"Person {contact.psid[-3:]}")

    def close(self) -> None:
        pass

    def times(self) -> list[float]:
        """When each text came, in seconds after the first."""
        return [(call.at - self.reached[0].at).total_seconds() for call in self.reached]


class House:
    """A Moca that a test steps by hand; `frozen` is freezegun's handle on the clock."""

    def __init__(
        self,
        path: Path,
        frozen,
        *,
        conversation: ConversationPolicy = _CONVERSATION,
        sender: SenderPolicy = _SENDER,
        generator=None,
        wrap_writer=lambda writer: writer,
        fail_fast: bool = True,
        observers=(),
        shows_typing: bool = False,
        keeping=_NOTHING_KEPT,
        consent=_NO_WORDS,
        responders: int = 8,
    ) -> None:
        self.instagram = FakeInstagram()
        self.frozen = frozen
        self._conversation = conversation
        self._sender = sender
        self._generator = generator or MockGenerator()
        self._wrap_writer = wrap_writer
        self._fail_fast = fail_fast
        self._observers = observers
        self._shows_typing = shows_typing
        self._keeping = keeping
        self._consent = consent
        self._responders = responders
        self._database = open_migrated(path)
        self._mids = 0
        self.start()

    def start(self) -> None:
        """Start the actors on what the database holds."""
        self.dispatcher = SteppingDispatcher(fail_fast=self._fail_fast)
        self.timers = ManualTimers()
        policy = WriterPolicy(
            cooldown=self._conversation.cooldown,
            dedup=self._conversation.dedup,
            takeover=timedelta(hours=12),
            consent=self._consent,
            gives_notice=self._keeping.post is not None,
        )
        self.system = System(
            conversation=self._conversation,
            sender=self._sender,
            world=World(
                open_writer=lambda: self._wrap_writer(Writer(self._database, policy)),
                generator=self._generator,
                connect=lambda: self.instagram,
                draw=lambda: 0.0,
                shows_typing=self._shows_typing,
                observers=self._observers,
                keeping=self._keeping,
                recall=self._recall,
                responders=self._responders,
            ),
            dispatchers=self.dispatchers(),
            timers=self.timers,
        )

    def dispatchers(self) -> Dispatchers:
        """Where the actors have their turns."""
        return Dispatchers(*[self.dispatcher] * 5)

    def _recall(self, contact, before_id, limit):
        with self._database.connection_context():
            return recollect(contact, before_id, limit)

    def crash(self) -> None:
        """End as by kill -9: what is in memory is gone, what is not committed never was."""
        if not self._database.is_closed():
            self._database.close()

    def stop(self) -> None:
        """Stop in order."""
        self.system.stop()
        if not self._database.is_closed():
            self._database.close()

    def settle(self) -> None:
        """Let everything happen that happens at this instant."""
        while self.dispatcher.step() or self.timers.advance_to(clock.now()):
            pass

    def receives(self, *events) -> object:
        """A webhook comes; tell what it is answered."""
        receipt = self.posts(*events)
        self.settle()
        return receipt.result(0)

    def takes(self, body: bytes, **reading) -> object:
        """A webhook comes as Meta writes it; tell what it is answered."""
        receipt: Future = Future()
        events = read_webhook(body, live=True, **reading)
        self.system.tell(RecordWebhook(body, events, clock.now(), receipt))
        self.settle()
        return receipt.result(0)

    def posts(self, *events) -> Future:
        """A webhook comes, and nothing has happened about it yet."""
        receipt = Future()
        self.system.tell(RecordWebhook(b"{}", events, clock.now(), receipt))
        return receipt

    def hears(self, text: str, contact: ContactKey = ANNA, mid: str | None = None) -> str:
        """A contact writes; gives the message's id."""
        self._mids += 1
        mid = mid or f"m{self._mids}"
        self.receives(InboundMessage(contact=contact, mid=mid, text=text, sent_at=clock.now()))
        return mid

    def hears_echo(self, text: str, mid: str, contact: ContactKey = ANNA) -> None:
        """Instagram tells that the account itself wrote."""
        self.receives(Echo(contact=contact, mid=mid, text=text, sent_at=clock.now()))

    def passes(self, seconds: float) -> None:
        """Let time pass, stopping at every instant at which something is due."""
        self.settle()
        end = clock.now() + timedelta(seconds=seconds)
        while (due := self.timers.next_at) is not None and due <= end:
            self.frozen.move_to(max(due, clock.now()))
            self.settle()
        self.frozen.move_to(end)
        self.settle()

    def rows(self, query) -> list:
        """What a query finds in the database."""
        with self._database.connection_context():
            return list(query.tuples())

    def journey(self, mid: str) -> JourneyRecord:
        """What the database tells of a message."""
        with self._database.connection_context():
            journey = read_journey(mid)
        assert journey is not None
        return journey

    def outcomes(self) -> Counter:
        """Count the contacts' messages by how they ended."""
        with self._database.connection_context():
            told = Message.select(Message.outcome).where(Message.role == "user").tuples()
            return Counter(outcome for (outcome,) in told)

    def outcome(self, mid: str) -> tuple[str | None, str]:
        """How a message ended, and why."""
        message = self.journey(mid).message
        return message.outcome, message.because
