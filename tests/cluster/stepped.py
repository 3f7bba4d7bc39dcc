"""Several nodes on one stepping dispatcher, one database and one frozen clock."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path

import peewee
from freezegun.api import FrozenDateTimeFactory

from actors.bots.factory import BotFactory
from actors.bots.published_bots import PublishedBots
from actors.cluster.seats import Seats
from actors.cluster.system import ClusterSystem, Member
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from moca import clock
from moca.core.messages.command import Command, Receipt
from moca.core.messages.inbound import RecordWebhook
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from moca.instagram.signature import sign
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.writer import WriterPolicy, Written
from moca.web.config import WebConfig
from moca.web.webhook import read_forwarded
from tests.cluster.broker import StandInBroker, StandInConnection
from tests.support.databases import open_migrated
from tests.support.factory import ANNA
from tests.support.system import FakeInstagram
from tests.support.values import present

PARTITIONS = 4
CONVERSATION = ConversationPolicy()
SENDER = SenderPolicy()
APP_SECRET = "the-app-secret"
CONFIG = WebConfig(app_secrets=(APP_SECRET,), verify_token="", api_token="", live=True)


def webhook(mid: str, text: str = "Hello", contact: ContactKey = ANNA) -> bytes:
    """Return a webhook as Meta writes it."""
    said = {
        "sender": {"id": contact.psid},
        "recipient": {"id": contact.account_id},
        "message": {"mid": mid, "text": text},
    }
    told = {"object": "instagram", "entry": [{"id": contact.account_id, "messaging": [said]}]}
    return json.dumps(told).encode()


class _Writer(ClusterWriter):
    """A writer that fails while the database is down, or commits and loses the answer."""

    def __init__(self, cluster: "SteppedCluster", policy: WriterPolicy) -> None:
        super().__init__(cluster.database, policy)
        self._cluster = cluster

    def apply(self, commands: Sequence[Command]) -> Written:
        if not self._cluster.database_is_up:
            raise peewee.OperationalError("the server does not answer")
        written = super().apply(commands)
        if self._cluster.answers_to_lose:
            self._cluster.answers_to_lose -= 1
            raise peewee.OperationalError("the server hung up before it answered")
        return written


class SteppedNode:
    """One node."""

    def __init__(self, cluster: "SteppedCluster", name: str) -> None:
        self.name = name
        self._cluster = cluster
        self.timers = ManualTimers()
        self.dispatcher = SteppingDispatcher(fail_fast=True)
        self.seats = Seats(PARTITIONS, monotonic=lambda: clock.now().timestamp())
        self._place: StandInConnection | None = None
        self.observed: list[object] = []
        bots = PublishedBots(cluster.bots)
        bots.open(cluster.database)
        policy = WriterPolicy(policy_of=bots.policy_of, refresh_bots=bots.refresh)
        self.system = ClusterSystem(
            member=Member(
                node=name,
                address=f"http://{name}",
                seats=self.seats,
                open_broker=self._open,
                read=lambda body, signature: read_forwarded(body, signature, CONFIG),
            ),
            sender=SENDER,
            dependencies=Dependencies(
                open_writer=lambda: _Writer(cluster, policy),
                bot_of=bots.of,
                connect=lambda: cluster.instagram,
                draw=lambda: 0.0,
                observers=(self.observed.append,),
                shows_typing=True,
            ),
            dispatchers=Dispatchers(*[self.dispatcher] * 5),
            timers=self.timers,
        )
        self.is_standing_still = False

    def _open(self, tell: Callable[[object], None]) -> StandInConnection:
        self._place = StandInConnection(self._cluster.broker, tell)
        return self._place

    @property
    def place(self) -> StandInConnection:
        """The node's connection to the broker, once it was opened."""
        return present(self._place)

    def step(self) -> bool:
        """Do one step; return whether there was anything to do."""
        if self.is_standing_still:
            return False
        return bool(self.dispatcher.step() or self.timers.advance_to(clock.now()))

    def settle(self) -> None:
        """Do everything due at this instant, while no other node does anything."""
        while self.step():
            pass

    def die(self) -> None:
        """End as by kill -9: what is in memory is gone."""
        self.place.forsake()
        del self._cluster.nodes[self.name]

    def takes(self, body: bytes) -> Future[object]:
        """Receive a webhook; return its receipt."""
        receipt: Receipt = Future()
        events = read_webhook(body, live=True)
        signature = sign(body, APP_SECRET)
        self.system.tell(RecordWebhook(body, events, clock.now(), signature, receipt=receipt))
        return receipt


class SteppedCluster:
    """The nodes, the broker and database between them, and the Instagram that they all call."""

    def __init__(self, path: Path, frozen: FrozenDateTimeFactory) -> None:
        self.frozen = frozen
        self.instagram = FakeInstagram()
        self.broker = StandInBroker()
        self.database = open_migrated(path)
        self.bots = BotFactory(Settings(), lambda _name: BudgetRecord())
        self.database_is_up = True
        self.answers_to_lose = 0
        """Of the next writes: each is committed, and its writer gets no answer."""
        self.nodes: dict[str, SteppedNode] = {}

    def __getitem__(self, name: str) -> SteppedNode:
        found: SteppedNode = self.nodes[name]
        return found

    def open(self, *names: str) -> None:
        """Start nodes, and wait until they hold their seats."""
        for name in names:
            self.nodes[name] = SteppedNode(self, name)
            self.settle()

    def settle(self) -> None:
        """Process everything due at this instant."""
        while any([self.broker.step(), *(node.step() for node in self.nodes.values())]):
            pass

    def advance(self, seconds: float) -> None:
        """Advance the time, stopping at every instant at which something is due."""
        self.settle()
        end = clock.now() + timedelta(seconds=seconds)
        while (due := self._next()) is not None and due <= end:
            self.frozen.move_to(max(due, clock.now()))
            self.settle()
        self.frozen.move_to(end)
        self.settle()

    def _next(self) -> datetime | None:
        at_work = [node for node in self.nodes.values() if not node.is_standing_still]
        return min((node.timers.next_at for node in at_work if node.timers.next_at), default=None)

    def holder(self, seat: str) -> list[str]:
        """Return the node that holds a seat, by the nodes' own state."""
        return [name for name, node in self.nodes.items() if seat in node.seats.epochs]

    def close(self) -> None:
        """Stop every node in order."""
        for node in self.nodes.values():
            node.is_standing_still = False
            node.system.stop()
        if not self.database.is_closed():
            self.database.close()
