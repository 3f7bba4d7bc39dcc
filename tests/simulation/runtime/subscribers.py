from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from random import Random
from typing import Any

import peewee

from actors.background.outgoing_events import OutgoingEvents
from moca.core.subscribers import MAX_DELIVERY_ATTEMPTS
from moca.storage.db.feed_tables import StoredSubscriber
from moca.subscriber_client import SubscriberAnswer, SubscriberClient
from tests.simulation.instagram.instagram import instant
from tests.simulation.runtime.virtual_time import Backstage
from tests.simulation.worlds.script import Script

MIRROR, COUNTER = "mirror", "counter"
"""One subscriber gets everything with texts, the other one what was received and sent."""
_KINDS = {MIRROR: "", COUNTER: "message.received message.sent"}
_TAKEN, _LOST, _REFUSED = SubscriberAnswer(), SubscriberAnswer("timed out"), SubscriberAnswer("503")
_ANSWERS = (*(_TAKEN,) * 6, _LOST, *(_REFUSED,) * 2)

Arrived = Callable[[str, int, bytes, SubscriberAnswer], None]


class SimulatedSubscribers:
    """Subscribers that are slow at times, refuse some events, and whose answers may be lost."""

    def __init__(self, script: Script) -> None:
        self._are_there = script.settings.subscribers
        self._chance = Random(f"{script.seed}, and subscribers")
        self._attempts = Counter[str]()
        self.asked: Arrived = lambda *_: None
        """Called with a subscriber, an event's id, its body, and what Moca is answered."""

    def subscribe(self, database: peewee.Database) -> None:
        """Store them before Moca starts, where the world has any."""
        if self._are_there and not StoredSubscriber.select().exists():
            for name, kinds in _KINDS.items():
                StoredSubscriber.create(
                    name=name,
                    url=name,
                    sealed_secret="sealed",
                    kinds=kinds,
                    has_texts=name == MIRROR,
                    cursor=0,
                    attempts=MAX_DELIVERY_ATTEMPTS - 1 if name == COUNTER else 0,
                    created_at=instant(0),
                )

    def port(self, database: peewee.Database, backstage: Backstage) -> OutgoingEvents | None:
        """Return what a process, or a node, delivers events through; None where there are none."""
        if not self._are_there:
            return None
        client = _Client(lambda name, event_id, body: self._take(backstage, name, event_id, body))
        kept_open: Any = _KeptOpen(database)
        return OutgoingEvents(kept_open, lambda _sealed: "secret", client)

    def _take(
        self, backstage: Backstage, name: str, event_id: int, body: bytes
    ) -> SubscriberAnswer:
        self._attempts[name] += 1
        # What it refuses at first was refused so often before that it is set aside.
        is_last = name == COUNTER and self._attempts[name] == 1
        answer = _REFUSED if is_last else self._chance.choice(_ANSWERS)
        backstage.wait(self._chance.choice((0.02, 0.1, 1)))
        self.asked(name, event_id, body, answer)
        backstage.wait(self._chance.choice((0.02, 0.1, 1)))
        return answer


class _Client(SubscriberClient):
    def __init__(self, take: Callable[[str, int, bytes], SubscriberAnswer]) -> None:
        super().__init__()
        self._take = take

    def send(
        self, url: str, secret: str, *, event_id: str, timestamp: int, body: bytes
    ) -> SubscriberAnswer:
        return self._take(url, int(event_id.removeprefix("evt_")), body)


class _KeptOpen:
    """A database whose connection stays open for the writer."""

    def __init__(self, database: peewee.Database) -> None:
        self._database = database

    def connection_context(self) -> AbstractContextManager[object]:
        database: Any = self._database
        return database.connection_context() if database.is_closed() else nullcontext()


def took(answer: SubscriberAnswer) -> bool:
    """Return whether a subscriber has what it answered so."""
    return answer is not _REFUSED
