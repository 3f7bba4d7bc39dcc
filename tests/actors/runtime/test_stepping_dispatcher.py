import random
from typing import Any

import pytest

from actors.runtime.actor import MailboxActor
from actors.runtime.dispatchers import NeverSettledError, SteppingDispatcher
from tests.actors.recording_actor import RecordingActor


class NamedActor(RecordingActor):
    def __init__(self, received: list[object], name: str) -> None:
        super().__init__(received)
        self.name = name

    def on_start(self) -> None:
        pass

    on_stop = on_start

    def on_receive(self, message: object) -> None:
        self.received.append((self.name, message))


class RestlessActor(MailboxActor):
    def on_receive(self, message: str) -> None:
        self.actor_ref.tell(message)


def conversation(
    stage: SteppingDispatcher, names: str = "abc", messages: int = 3
) -> list[tuple[str, int]]:
    """Return what three actors received that were told their messages one after another."""
    received: list[Any] = []
    refs = [NamedActor.start_on(stage, received, name) for name in names]
    for ref in refs:
        for number in range(messages):
            ref.tell(number)
    stage.run_until_idle()
    for ref in refs:
        ref.stop()
    return received


def test_ready_actors_take_turns_of_one_message() -> None:
    assert conversation(SteppingDispatcher()) == [
        *[("a", 0), ("b", 0), ("c", 0)],
        *[("a", 1), ("b", 1), ("c", 1)],
        *[("a", 2), ("b", 2), ("c", 2)],
    ]


def test_a_seed_gives_the_same_order_again() -> None:
    first, again = (conversation(SteppingDispatcher(random.Random(7))) for _ in range(2))
    assert first == again


def test_seeds_give_many_orders_and_each_keeps_the_order_told_to_one_actor() -> None:
    orders = [conversation(SteppingDispatcher(random.Random(seed))) for seed in range(50)]
    assert len({tuple(order) for order in orders}) > 40
    for order in orders:
        assert [number for name, number in order if name == "b"] == [0, 1, 2]


def test_a_step_delivers_one_message() -> None:
    received: list[object] = []
    stage = SteppingDispatcher()
    ref = RecordingActor.start_on(stage, received)
    ref.tell("one")
    ref.tell("two")
    seen = []
    while stage.step():
        seen.append(len(received))
    assert seen == [1, 2, 3]
    assert stage.step() is False
    ref.stop()


def test_running_until_idle_counts_the_steps() -> None:
    stage = SteppingDispatcher()
    ref = RecordingActor.start_on(stage, [])
    ref.tell("one")
    assert (stage.run_until_idle(), stage.run_until_idle()) == (2, 0)
    ref.stop()


def test_actors_that_never_settle_are_named() -> None:
    stage = SteppingDispatcher()
    ref = RestlessActor.start_on(stage)
    ref.tell("again")
    with pytest.raises(NeverSettledError, match=r"after 50 steps: RestlessActor \(moca:\d+\)"):
        stage.run_until_idle(max_steps=50)
    ref.stop()


def test_stopping_the_dispatcher_lets_the_actors_finish() -> None:
    received: list[object] = []
    stage = SteppingDispatcher()
    ref = RecordingActor.start_on(stage, received)
    ref.tell("last")
    assert stage.stop() is True
    ref.stop()
    assert received == ["started", "last", "stopped"]
