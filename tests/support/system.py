"""The whole system on one stepping dispatcher: real database, frozen clock, fake Instagram."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import peewee
from freezegun.api import FrozenDateTimeFactory

from actors.background.jobs import BackgroundConfig
from actors.bots.bot import same_bot_for_all
from actors.bots.factory import BotFactory
from actors.bots.published_bots import PublishedBots
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.system import System
from moca import clock
from moca.core.content.content import Content
from moca.core.conversation.consent import Consent
from moca.core.inbound.events import Echo, Event, InboundMessage
from moca.core.messages.command import Command
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import (
    Delivered,
    DeliveryResult,
    FoundInRecord,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
    Unconfirmed,
    VerificationResult,
)
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from moca.instagram.graph import Profile
from moca.replies.fixed import MockGenerator
from moca.replies.generator import ReplyGenerator
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message
from moca.storage.queries.history import ContactHistory, recollect
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.storage.uploads.retention import UploadRetention
from moca.storage.writer import Writer, WriterPolicy
from moca.uploads.folder import UploadFolder
from tests.support.databases import open_migrated
from tests.support.factory import ANNA

_CONVERSATION = ConversationPolicy()
_SENDER = SenderPolicy()
_NOTHING_KEPT = BackgroundConfig()


def _nothing_published() -> None:
    pass


@dataclass(frozen=True)
class InstagramCall:
    """A text that reached Instagram."""

    at: datetime
    contact: ContactKey
    text: str
    mid: str
    content: Content
    way: ReplyAddress


class FakeInstagram:
    """Accepts sends, or handles the next call as a test has scripted."""

    def __init__(self) -> None:
        self.reached: list[InstagramCall] = []
        self.shown: list[tuple[datetime, ContactKey, str]] = []
        self.next_results: deque[DeliveryResult] = deque()
        self.lost_answers = 0
        """For how many further calls the message arrives and the answer is lost."""
        self.readable: dict[str, InboundMessage | Echo] = {}
        self.fetched: list[str] = []

    def prepare(self, account_id: str) -> None:
        pass

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        if self.next_results:
            return self.next_results.popleft()
        mid = f"ig-{len(self.reached) + 1}"
        self.reached.append(InstagramCall(clock.now(), contact, content.text, mid, content, way))
        if self.lost_answers:
            self.lost_answers -= 1
            return Unconfirmed("no answer in time")
        return Delivered(mid)

    def act(self, contact: ContactKey, action: str) -> str | None:
        self.shown.append((clock.now(), contact, action))
        return None

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known: KnownMessages
    ) -> VerificationResult:
        for call in self.reached:
            is_it = (call.contact, call.text) == (contact, content.text) and call.at >= since
            if is_it and call.mid not in known.mids:
                return FoundInRecord(call.mid, call.at)
        return MissingFromRecord()

    def message(self, account_id: str, mid: str) -> InboundMessage | Echo | RecordUnreadable:
        self.fetched.append(mid)
        return self.readable.get(mid) or RecordUnreadable("no such message")

    def profile(self, contact: ContactKey) -> Profile:
        return Profile(name=f"Person {contact.psid[-3:]}")

    def close(self) -> None:
        pass

    def times(self) -> list[float]:
        """Return when each text came, in seconds after the first."""
        return [(call.at - self.reached[0].at).total_seconds() for call in self.reached]


class SteppedSystem:
    """A Moca that a test steps by hand; `frozen` is freezegun's handle on the clock."""

    def __init__(
        self,
        path: Path,
        frozen: FrozenDateTimeFactory,
        *,
        conversation: ConversationPolicy = _CONVERSATION,
        sender: SenderPolicy = _SENDER,
        generator: ReplyGenerator | None = None,
        wrap_writer: Callable[[Writer], Writer] = lambda writer: writer,
        fail_fast: bool = True,
        observers: Sequence[Callable[[object], None]] = (),
        shows_typing: bool = False,
        background: BackgroundConfig = _NOTHING_KEPT,
        consent: Consent | None = None,
        responders: int = 8,
        uploads: UploadFolder | None = None,
        bots: BotFactory | None = None,
    ) -> None:
        self.instagram = FakeInstagram()
        self.frozen = frozen
        self._bot_of = same_bot_for_all(
            conversation if consent is None else replace(conversation, consent=consent),
            generator or MockGenerator(),
        )
        self._sender = sender
        self._wrap_writer = wrap_writer
        self._fail_fast = fail_fast
        self._observers = observers
        self._shows_typing = shows_typing
        self._background = background
        self._responders = responders
        self._uploads = uploads
        self._bots = bots
        self._database = open_migrated(path)
        self._mids = 0
        self.start()

    def start(self) -> None:
        """Start the actors on what the database holds."""
        self.dispatcher = SteppingDispatcher(fail_fast=self._fail_fast)
        self.timers = ManualTimers()
        bot_of, refresh_bots = self._bot_of, _nothing_published
        if self._bots is not None:
            bots = PublishedBots(self._bots)
            bots.open(self._database)
            bot_of, refresh_bots = bots.of, bots.refresh
        policy = WriterPolicy(
            policy_of=lambda account_id: bot_of(account_id).policy,
            refresh_bots=refresh_bots,
            stores_notification=self._background.post is not None,
            uploads=UploadRetention(self._uploads),
        )
        self.actors = System(
            sender=self._sender,
            dependencies=Dependencies(
                open_writer=lambda: self._wrap_writer(Writer(self._database, policy)),
                bot_of=bot_of,
                connect=lambda: self.instagram,
                draw=lambda: 0.0,
                shows_typing=self._shows_typing,
                observers=self._observers,
                background=self._background,
                recall=self._recall,
                responders=self._responders,
            ),
            dispatchers=self.dispatchers(),
            timers=self.timers,
        )

    def dispatchers(self) -> Dispatchers:
        """Return the actors' dispatchers."""
        return Dispatchers(*[self.dispatcher] * 5)

    def _recall(self, contact: ContactKey, before_id: int, limit: int) -> ContactHistory:
        with self._database.connection_context():
            return recollect(contact, before_id, limit)

    def crash(self) -> None:
        """End as by kill -9: what is in memory is gone, what is not committed never was."""
        if not self._database.is_closed():
            self._database.close()

    def stop(self) -> None:
        """Stop in order."""
        self.actors.stop()
        if not self._database.is_closed():
            self._database.close()

    def settle(self) -> None:
        """Process everything due at this instant."""
        while self.dispatcher.step() or self.timers.advance_to(clock.now()):
            pass

    def receive_events(self, *events: Event) -> object:
        """Receive a webhook; return its response."""
        receipt = self.post(*events)
        self.settle()
        return receipt.result(0)

    def receive_body(self, body: bytes, **reading: Any) -> object:
        """Receive a webhook as Meta writes it; return its response."""
        receipt: Future[object] = Future()
        events = read_webhook(body, live=True, **reading)
        self.actors.tell(RecordWebhook(body, events, clock.now(), receipt=receipt))
        self.settle()
        return receipt.result(0)

    def post(self, *events: Event) -> Future[object]:
        """Receive a webhook without processing it yet."""
        receipt: Future[object] = Future()
        self.actors.tell(RecordWebhook(b"{}", events, clock.now(), receipt=receipt))
        return receipt

    def receive(self, text: str, contact: ContactKey = ANNA, mid: str | None = None) -> str:
        """Receive a contact's message; return its id."""
        self._mids += 1
        mid = mid or f"m{self._mids}"
        self.receive_events(
            InboundMessage(contact=contact, mid=mid, text=text, sent_at=clock.now())
        )
        return mid

    def receive_echo(self, text: str, mid: str, contact: ContactKey = ANNA) -> None:
        """Receive the echo of the account's own message."""
        self.receive_events(Echo(contact=contact, mid=mid, text=text, sent_at=clock.now()))

    def advance(self, seconds: float) -> None:
        """Advance the time, stopping at every instant at which something is due."""
        self.settle()
        end = clock.now() + timedelta(seconds=seconds)
        while (due := self.timers.next_at) is not None and due <= end:
            self.frozen.move_to(max(due, clock.now()))
            self.settle()
        self.frozen.move_to(end)
        self.settle()

    def write(self, *commands: Command) -> None:
        """Carry out commands while the system is stopped."""
        writer = Writer(
            self._database,
            WriterPolicy(),
        )
        writer.apply(commands)
        writer.close()

    def rows(self, query: peewee.BaseQuery) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self._database.connection_context():
            return list(query.tuples())

    def journey(self, mid: str) -> JourneyRecord:
        """Return a message's journey."""
        with self._database.connection_context():
            journey = read_journey(mid)
        assert journey is not None
        return journey

    def outcomes(self) -> Counter[object]:
        """Count the contacts' messages by outcome."""
        with self._database.connection_context():
            ended = Message.select(Message.outcome).where(Message.role == "user")
            return Counter(outcome for (outcome,) in read_rows(ended))

    def outcome(self, mid: str) -> tuple[str | None, str]:
        """Return how a message ended, and why."""
        message = self.journey(mid).message
        return message.outcome, message.because
