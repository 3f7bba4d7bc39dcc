"""Several nodes on one stepping dispatcher, one database and one frozen clock."""

import json
from concurrent.futures import Future
from datetime import timedelta

import peewee

from actors.cluster.seats import Seats
from actors.cluster.system import ClusterSystem, Member
from actors.dependencies import World
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from moca import clock
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import Undelivered
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.instagram.events import read_webhook
from moca.replies.mock import MockGenerator
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.writer import WriterPolicy
from tests.cluster.broker import Place, StandInBroker
from tests.support.databases import open_migrated
from tests.support.factory import ANNA
from tests.support.system import FakeInstagram

PARTITIONS = 4
CONVERSATION = ConversationPolicy()
SENDER = SenderPolicy()


def webhook(mid, text="Hello", contact=ANNA):
    """Write a webhook as Meta does."""
    said = {
        "sender": {"id": contact.psid},
        "recipient": {"id": contact.account_id},
        "message": {"mid": mid, "text": text},
    }
    told = {"object": "instagram", "entry": [{"id": contact.account_id, "messaging": [said]}]}
    return json.dumps(told).encode()


class _Leased:
    """Instagram as a node reaches it, while it may; see `LeasedGraphClient`."""

    def __init__(self, instagram, seats):
        self._seats = seats
        self._send = instagram.send
        self.find_message, self.profile = instagram.find_message, instagram.profile
        self.act = instagram.act
        self.close = instagram.close

    def send(self, contact, content, way):
        if not self._seats.may_send():
            return Undelivered("not the one that sends")
        return self._send(contact, content, way)


class _Writer(ClusterWriter):
    """Writes, unless the database is down; or has written, and the answer is lost."""

    def __init__(self, street, policy):
        super().__init__(street.database, policy)
        self._street = street

    def apply(self, commands):
        if not self._street.database_is_up:
            raise peewee.OperationalError("the server does not answer")
        written = super().apply(commands)
        if self._street.answers_to_lose:
            self._street.answers_to_lose -= 1
            raise peewee.OperationalError("the server hung up before it answered")
        return written


class Node:
    """One node of the street."""

    def __init__(self, street, name):
        self.name = name
        self._street = street
        self.timers = ManualTimers()
        self.dispatcher = SteppingDispatcher(fail_fast=True)
        self.seats = Seats(PARTITIONS, monotonic=lambda: clock.now().timestamp())
        self.place = None
        self.observed = []
        policy = WriterPolicy(
            cooldown=CONVERSATION.cooldown, dedup=CONVERSATION.dedup, takeover=timedelta(hours=12)
        )
        self.system = ClusterSystem(
            member=Member(
                node=name,
                address=f"http://{name}",
                seats=self.seats,
                open_broker=self._open,
                read=lambda body: read_webhook(body, live=True),
            ),
            conversation=CONVERSATION,
            sender=SENDER,
            world=World(
                open_writer=lambda: _Writer(street, policy),
                generator=MockGenerator(),
                connect=lambda: _Leased(street.instagram, self.seats),
                draw=lambda: 0.0,
                observers=(self.observed.append,),
                shows_typing=True,
            ),
            dispatchers=Dispatchers(*[self.dispatcher] * 5),
            timers=self.timers,
        )
        self.is_standing_still = False

    def _open(self, tell):
        self.place = Place(self._street.broker, tell)
        return self.place

    def step(self):
        """Do what there is to do; tell whether there was anything."""
        if self.is_standing_still:
            return False
        return bool(self.dispatcher.step() or self.timers.advance_to(clock.now()))

    def settle(self):
        """Do all that there is to do at this instant, while nobody else does anything."""
        while self.step():
            pass

    def die(self):
        """End as by kill -9: what is in memory is gone."""
        self.place.forsake()
        del self._street.nodes[self.name]

    def takes(self, body):
        """A webhook comes; gives its receipt."""
        receipt = Future()
        events = read_webhook(body, live=True)
        self.system.tell(RecordWebhook(body, events, clock.now(), receipt))
        return receipt


class Street:
    """The nodes, what stands between them, and the Instagram that all of them see."""

    def __init__(self, path, frozen):
        self.frozen = frozen
        self.instagram = FakeInstagram()
        self.broker = StandInBroker()
        self.database = open_migrated(path)
        self.database_is_up = True
        self.answers_to_lose = 0
        """Of the next writes: each is on disk, and whoever wrote does not hear so."""
        self.nodes = {}

    def __getitem__(self, name):
        return self.nodes[name]

    def open(self, *names):
        """Start nodes, and let them find their places."""
        for name in names:
            self.nodes[name] = Node(self, name)
            self.settle()

    def settle(self):
        """Let everything happen that happens at this instant."""
        while any([self.broker.step(), *(node.step() for node in self.nodes.values())]):
            pass

    def passes(self, seconds):
        """Let time pass, stopping at every instant at which something is due."""
        self.settle()
        end = clock.now() + timedelta(seconds=seconds)
        while (due := self._next()) is not None and due <= end:
            self.frozen.move_to(max(due, clock.now()))
            self.settle()
        self.frozen.move_to(end)
        self.settle()

    def _next(self):
        at_work = [node for node in self.nodes.values() if not node.is_standing_still]
        return min((node.timers.next_at for node in at_work if node.timers.next_at), default=None)

    def holder(self, seat):
        """Name the node that holds a seat, by the nodes' own word."""
        return [name for name, node in self.nodes.items() if seat in node.seats.epochs]

    def close(self):
        """Stop every node in order."""
        for node in self.nodes.values():
            node.is_standing_still = False
            node.system.stop()
        if not self.database.is_closed():
            self.database.close()
