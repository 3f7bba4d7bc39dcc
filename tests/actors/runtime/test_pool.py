import threading

import pykka
import pytest

from actors.runtime.actor import MailboxActor
from actors.runtime.dispatchers import PoolDispatcher, SteppingDispatcher
from actors.runtime.pool import start_pool
from actors.runtime.supervision import RestartBudget
from tests.actors.recording_actor import RecordingActor


class WorkingActor(MailboxActor):
    budget = RestartBudget(restarts=0)

    def __init__(self, done: list[object]) -> None:
        super().__init__()
        self.done = done

    def on_receive(self, message: ValueError | int | str) -> None:
        if isinstance(message, Exception):
            raise message
        self.done.append((self.actor_urn, message))


def test_on_a_stepping_dispatcher_the_actors_of_a_pool_take_turns() -> None:
    done: list[tuple[str, object]] = []
    stage = SteppingDispatcher()
    pool = start_pool(WorkingActor, 3, stage, done=done)
    for number in range(9):
        pool.tell(number)
    assert len(pool) == 9
    stage.run_until_idle()
    assert [number for _, number in done] == list(range(9))
    assert len({urn for urn, _ in done}) == 3
    assert len(pool) == 0
    pool.stop()


def test_a_pool_that_rested_wakes_one_actor_a_message() -> None:
    done: list[tuple[str, object]] = []
    stage = SteppingDispatcher()
    pool = start_pool(WorkingActor, 3, stage, done=done)
    stage.run_until_idle()
    pool.tell("one")
    pool.tell("two")
    assert len(stage._ready) == 2
    stage.run_until_idle()
    assert [message for _, message in done] == ["one", "two"]
    pool.stop()


def test_stopping_a_pool_stops_every_actor_after_what_waits() -> None:
    received: list[str] = []
    stage = SteppingDispatcher()
    pool = start_pool(RecordingActor, 3, stage, received=received)
    pool.tell("last")
    pool.stop(timeout=1)
    assert sorted(received) == ["last", *["started"] * 3, *["stopped"] * 3]
    assert not pool.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        pool.tell("late")
    pool.stop(timeout=1)


def test_a_full_pool_refuses_a_try() -> None:
    stage = SteppingDispatcher()
    pool = start_pool(WorkingActor, 2, stage, capacity=1, done=[])
    assert [pool.try_tell(1), pool.try_tell(2)] == [True, False]
    pool.stop()


def test_a_pool_goes_on_without_the_one_that_was_given_up() -> None:
    done: list[tuple[str, object]] = []
    escalated: list[object] = []
    stage = SteppingDispatcher(fail_fast=False)
    pool = start_pool(WorkingActor, 2, stage, escalate=escalated.append, done=done)
    for message in (ValueError("bad"), "next", "last"):
        pool.tell(message)
    stage.run_until_idle()
    assert [message for _, message in done] == ["next", "last"]
    assert [str(error) for error in escalated] == ["bad"]
    assert pool.is_alive()
    pool.stop()


def test_a_pool_handles_as_many_messages_at_a_time_as_it_has_actors() -> None:
    barrier = threading.Barrier(4)

    class MeetingActor(MailboxActor):
        def on_receive(self, message: int) -> None:
            barrier.wait(timeout=10)

    dispatcher = PoolDispatcher("meeting", threads=4, messages_per_turn=1)
    pool = start_pool(MeetingActor, 4, dispatcher)
    for number in range(8):
        pool.tell(number)
    pool.stop(timeout=10)
    assert dispatcher.stop()
    assert not barrier.broken
