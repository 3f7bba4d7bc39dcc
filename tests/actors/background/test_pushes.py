from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta

import pytest

from actors.background import pushes
from actors.background.jobs import BackgroundConfig
from moca import clock
from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.operators import AddNote, AddOperator, OpenLogin
from moca.core.messages.push import SubscribePush
from moca.core.push import Push, PushAnswer, PushOutcome, PushSubscription, SubscriptionKeys
from moca.core.types import OperatorRole
from moca.storage.db.push_tables import PushTarget, QueuedPush
from tests.support.system import SteppedSystem

KEYS = SubscriptionKeys("point", "secret")
DOWN = PushAnswer(PushOutcome.FAILED, "status 503")
GONE = PushAnswer(PushOutcome.GONE, "status 410")
DELIVERED = PushAnswer(PushOutcome.DELIVERED)


class FakePushes:
    """Records deliveries, and answers each browser as told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.answers: dict[str, PushAnswer | Exception] = {}

    def send(self, push: Push, subscription: PushSubscription) -> PushAnswer:
        browser = subscription.endpoint.rpartition("/")[2]
        self.sent.append((browser, push.by))
        answer = self.answers.get(browser, DELIVERED)
        if isinstance(answer, Exception):
            raise answer
        found: PushAnswer = answer
        return found


@pytest.fixture
def sender() -> FakePushes:
    return FakePushes()


@pytest.fixture
def system(open_system: Callable[..., SteppedSystem], sender: FakePushes) -> SteppedSystem:
    """A system with a conversation, and the browsers of ana and ben."""
    system = open_system(background=BackgroundConfig(pushes=sender))
    system.receive("hello")
    system.advance(6)
    now = clock.now()
    for number, name in enumerate(("ana", "ben"), start=1):
        system.write(
            AddOperator(name, OperatorRole.ANSWERS, "hash", now),
            OpenLogin(name, number, "hash", now, now + timedelta(days=1)),
            SubscribePush(number, f"https://push.example.com/{name}", KEYS, now),
        )
    return system


def notes(system: SteppedSystem, text: str = "@ana @ben", by: str = "cleo") -> None:
    system.actors.tell(AddNote(1, by, text, clock.now(), receipt=Future()))


def test_what_is_queued_is_delivered_within_seconds_and_once(
    system: SteppedSystem, sender: FakePushes
) -> None:
    notes(system)
    system.advance(6)
    assert sorted(sender.sent) == [("ana", "cleo"), ("ben", "cleo")]

    system.advance(60)
    assert len(sender.sent) == 2
    assert system.rows(QueuedPush.select(QueuedPush.id)) == []


def test_what_fails_is_tried_again_twice_and_the_others_do_not_wait(
    system: SteppedSystem, sender: FakePushes
) -> None:
    sender.answers["ana"] = DOWN
    notes(system)
    system.advance(60)

    assert sender.sent == [("ana", "cleo"), ("ben", "cleo"), ("ana", "cleo"), ("ana", "cleo")]


def test_a_browser_that_keeps_failing_rests_for_minutes(
    system: SteppedSystem, sender: FakePushes
) -> None:
    sender.answers["ana"] = DOWN
    notes(system)
    system.advance(60)
    sender.sent.clear()
    notes(system, by="dora")
    system.advance(60)
    assert sender.sent == [("ben", "dora")]

    del sender.answers["ana"]
    system.advance(300)
    notes(system, by="emil")
    system.advance(6)
    assert sorted(sender.sent) == [("ana", "emil"), ("ben", "dora"), ("ben", "emil")]


def test_a_browser_that_is_gone_is_forgotten(system: SteppedSystem, sender: FakePushes) -> None:
    sender.answers["ana"] = GONE
    notes(system)
    system.advance(20)

    assert sender.sent == [("ana", "cleo"), ("ben", "cleo")]
    assert system.rows(PushTarget.select(PushTarget.endpoint)) == [
        ("https://push.example.com/ben",)
    ]


def test_without_a_key_that_can_be_used_nothing_is_tried(
    system: SteppedSystem, sender: FakePushes
) -> None:
    sender.answers["ana"] = WrongEncryptionKey("bring the key back")
    notes(system)
    system.advance(60)

    assert sender.sent == [("ana", "cleo")]


def test_what_no_one_has_taken_for_ten_minutes_is_dropped(
    system: SteppedSystem, sender: FakePushes
) -> None:
    system.crash()
    notes_at = clock.now()
    system.start()
    system.write(AddNote(1, "cleo", "@ana", notes_at - timedelta(minutes=10)))
    system.advance(10)

    assert sender.sent == []


def test_a_sender_that_always_crashes_takes_nothing_down(
    system: SteppedSystem, sender: FakePushes
) -> None:
    sender.answers = {"ana": RuntimeError("a bug")}
    for _ in range(6):
        notes(system)
        system.advance(5)
    assert sender.sent == [("ana", "cleo"), ("ben", "cleo")] * 6


def test_a_crash_of_the_sender_drops_one_message(system: SteppedSystem, sender: FakePushes) -> None:
    sender.answers["ana"] = RuntimeError("bug")
    notes(system)
    system.advance(30)
    assert sender.sent == [("ana", "cleo"), ("ben", "cleo")]


def test_what_waits_in_memory_is_bounded(
    system: SteppedSystem, sender: FakePushes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushes, "_MAX_RESTING", 1)
    sender.answers |= {"ana": DOWN, "ben": DOWN}
    notes(system)
    system.advance(60)
    sender.sent.clear()
    sender.answers.clear()
    notes(system)
    system.advance(10)

    assert len(sender.sent) == 1
