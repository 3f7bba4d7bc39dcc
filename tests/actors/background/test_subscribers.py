"""Events on their way to subscribers, whatever becomes of these and of Moca."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import peewee
import pytest

from actors.background.jobs import BackgroundConfig
from actors.background.outgoing_events import OutgoingEvents
from moca import clock
from moca.core.feed import FeedKind
from moca.core.messages.operator_actions import EraseContact, FreezeQueue, ReleaseQueue
from moca.core.messages.subscribers import (
    AddSubscriber,
    PauseSubscriber,
    ReplayFeed,
    RetryFeedDelivery,
)
from moca.core.subscribers import MAX_DELIVERY_ATTEMPTS, Subscriber
from moca.storage.db.feed_tables import FeedDelivery, StoredSubscriber
from moca.subscriber_client import SubscriberAnswer, SubscriberClient
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem

DOWN = SubscriberAnswer("status 503")
GONE = SubscriberAnswer("status 410", is_gone=True)


class FakeClient(SubscriberClient):
    """Records what is posted, and answers each subscriber as told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.bodies: list[bytes] = []
        self.answers: dict[str, SubscriberAnswer] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens during a call."""

    def send(
        self, url: str, secret: str, *, event_id: str, timestamp: int, body: bytes
    ) -> SubscriberAnswer:
        self.sent.append((url, event_id, json.loads(body)["kind"]))
        self.bodies.append(body)
        self.meanwhile()
        return self.answers.get(url) or self.answers.get(event_id) or SubscriberAnswer()

    def kinds(self, url: str = "a") -> list[str]:
        """Return the kinds that one was sent."""
        return [kind for to, _, kind in self.sent if to == url]


class UnreadableEvents(OutgoingEvents):
    """Events in a database that cannot be read for a while."""

    is_readable = False

    def due(self) -> Sequence[Subscriber]:
        if not self.is_readable:
            raise peewee.OperationalError("database or disk is full")
        return super().due()


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def system(open_system: Callable[..., SteppedSystem], client: FakeClient) -> SteppedSystem:
    port = OutgoingEvents(peewee.SqliteDatabase(None), lambda sealed: sealed, client)
    system = open_system(background=BackgroundConfig(subscribers=port))
    port._database = system._database
    return system


def subscribe(
    system: SteppedSystem,
    url: str = "a",
    kinds: tuple[FeedKind, ...] = (),
    *,
    has_texts: bool = False,
) -> None:
    system.actors.tell(AddSubscriber(url, url, "secret", kinds, has_texts, clock.now()))
    system.settle()


def freezes(system: SteppedSystem, times: int = 1) -> None:
    for _ in range(times):
        system.actors.tell(FreezeQueue(clock.now(), receipt=Future()))
        system.actors.tell(ReleaseQueue(clock.now(), receipt=Future()))
    system.settle()


def waits_three_hours(system: SteppedSystem) -> None:
    """Advance by the minute: by the look, it would take thousands of steps."""
    for _minute in range(3 * 60):
        system.frozen.tick(60)
        system.settle()


def test_what_happens_is_delivered_in_order_and_once(
    system: SteppedSystem, client: FakeClient
) -> None:
    freezes(system)
    subscribe(system)
    system.receive("hello")
    system.advance(10)
    system.advance(60)

    assert client.kinds() == ["message.received", "message.sent", "message.answered"]
    assert [event_id for _, event_id, _ in client.sent] == ["evt_3", "evt_4", "evt_5"]
    assert system.rows(FeedDelivery.select(FeedDelivery.event_id, FeedDelivery.status)) == [
        (3, "delivered"),
        (4, "delivered"),
        (5, "delivered"),
    ]


def test_a_database_that_cannot_be_read_for_a_while_ends_nothing(
    open_system: Callable[..., SteppedSystem], client: FakeClient
) -> None:
    port = UnreadableEvents(peewee.SqliteDatabase(None), lambda sealed: sealed, client)
    system = open_system(background=BackgroundConfig(subscribers=port), fail_fast=False)
    port._database = system._database
    subscribe(system)
    system.advance(30)
    port.is_readable = True
    freezes(system)
    system.advance(10)
    assert client.kinds() == ["queue.frozen", "queue.released"]


def test_each_subscriber_gets_the_kinds_it_chose(system: SteppedSystem, client: FakeClient) -> None:
    subscribe(system, "a", (FeedKind.QUEUE_RELEASED,))
    subscribe(system, "b", (FeedKind.QUEUE_FROZEN,))
    freezes(system, times=2)
    system.advance(10)

    assert client.kinds("a") == ["queue.released"] * 2
    assert client.kinds("b") == ["queue.frozen"] * 2


def test_one_that_is_down_gets_all_in_order_later_and_holds_up_no_other(
    system: SteppedSystem, client: FakeClient
) -> None:
    subscribe(system, "a")
    subscribe(system, "b")
    client.answers["a"] = DOWN
    freezes(system)
    system.advance(60)
    assert client.kinds("b") == ["queue.frozen", "queue.released"]
    assert set(client.kinds("a")) == {"queue.frozen"}

    client.answers.clear()
    client.sent.clear()
    system.advance(600)
    assert client.kinds("a") == ["queue.frozen", "queue.released"]


def test_what_is_refused_too_often_is_set_aside_and_delivered_when_asked(
    system: SteppedSystem, client: FakeClient
) -> None:
    subscribe(system)
    client.answers["evt_1"] = DOWN
    freezes(system)
    waits_three_hours(system)
    assert client.kinds() == ["queue.frozen"] * MAX_DELIVERY_ATTEMPTS + ["queue.released"]
    columns = (FeedDelivery.event_id, FeedDelivery.status, FeedDelivery.fault)
    assert system.rows(FeedDelivery.select(*columns)) == [
        (1, "failed", "status 503"),
        (2, "delivered", ""),
    ]

    client.answers.clear()
    client.sent.clear()
    system.actors.tell(RetryFeedDelivery(1, receipt=Future()))
    system.advance(10)
    assert client.kinds() == ["queue.frozen"]
    assert system.rows(FeedDelivery.select(*columns).order_by(FeedDelivery.id))[0] == (
        1,
        "delivered",
        "",
    )


def test_one_that_wants_no_more_is_paused(system: SteppedSystem, client: FakeClient) -> None:
    subscribe(system)
    client.answers["a"] = GONE
    freezes(system)
    waits_three_hours(system)
    assert client.kinds() == ["queue.frozen"]
    assert system.rows(StoredSubscriber.select(StoredSubscriber.is_paused)) == [(True,)]

    client.answers.clear()
    system.actors.tell(PauseSubscriber(1, is_paused=False, receipt=Future()))
    system.advance(10)
    assert client.kinds()[1:] == ["queue.frozen", "queue.released"]


def test_a_replay_delivers_again_from_an_event_on(
    system: SteppedSystem, client: FakeClient
) -> None:
    subscribe(system)
    freezes(system, times=2)
    system.advance(10)
    client.sent.clear()
    system.actors.tell(ReplayFeed(1, 2, receipt=Future()))
    system.advance(10)

    assert [event_id for _, event_id, _ in client.sent] == ["evt_3", "evt_4"]


def test_a_crash_loses_no_event(system: SteppedSystem, client: FakeClient) -> None:
    subscribe(system)
    client.answers["a"] = DOWN
    freezes(system)
    system.advance(10)
    system.crash()
    client.answers.clear()
    client.sent.clear()
    system.start()
    system.advance(300)

    assert client.kinds() == ["queue.frozen", "queue.released"]


def test_an_erased_contact_is_in_no_later_delivery(
    system: SteppedSystem, client: FakeClient
) -> None:
    bodies = client.bodies
    subscribe(system, has_texts=True)
    client.answers["a"] = DOWN
    system.receive("a secret")
    system.advance(10)
    assert b"a secret" in bodies[-1]

    system.actors.tell(EraseContact(ANNA, clock.now(), receipt=Future()))
    client.answers.clear()
    bodies.clear()
    system.advance(600)
    assert client.kinds()[-1] == "contact.erased"
    assert not [body for body in bodies[1:] if b"a secret" in body or ANNA.psid.encode() in body]


def test_what_is_erased_while_events_are_on_their_way_is_not_sent(
    system: SteppedSystem, client: FakeClient
) -> None:
    subscribe(system, has_texts=True)
    client.answers["a"] = DOWN
    for text in ("a secret", "a second secret"):
        system.receive(text)
        system.advance(60)
    erasures = iter((EraseContact(ANNA, clock.now(), receipt=Future()),))
    client.bodies.clear()
    client.answers.clear()

    def erase_once() -> None:
        for erasure in erasures:
            system.actors.tell(erasure)

    client.meanwhile = erase_once
    system.advance(600)
    assert client.kinds()[-1] == "contact.erased"
    assert [b"secret" in body for body in client.bodies].count(True) == 1


def test_a_cursor_moves_past_what_is_not_wanted(system: SteppedSystem, client: FakeClient) -> None:
    subscribe(system, "a", (FeedKind.BUDGET_SPENT,))
    freezes(system, times=60)
    system.advance(10)

    assert system.rows(StoredSubscriber.select(StoredSubscriber.cursor)) == [(120,)]
    assert client.sent == []
