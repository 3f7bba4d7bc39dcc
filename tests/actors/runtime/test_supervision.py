from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NoReturn

import pykka
import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.runtime.actor import Ref
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.supervision import RestartBudget
from tests.actors.recording_actor import RecordingActor
from tests.support.frozen_time import frozen_at

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with frozen_at(NOON) as frozen:
        yield frozen


@pytest.fixture
def received() -> list[object]:
    return []


@pytest.fixture
def stage() -> SteppingDispatcher:
    return SteppingDispatcher(fail_fast=False)


class UnluckyActor(RecordingActor):
    budget = RestartBudget(restarts=2, window=timedelta(seconds=60))


class NeverStartingActor(UnluckyActor):
    def on_start(self) -> NoReturn:
        raise OSError("no database")

    on_restart = on_start


def told(ref: Ref[Any], *messages: ValueError | int | str) -> None:
    for message in messages:
        ref.tell(message)


def test_a_crash_loses_its_message_and_nothing_behind_it(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = UnluckyActor.start_on(stage, received)
    told(ref, 1, ValueError("two"), 3, 4)
    ref.stop()
    assert received == ["started", 1, "restarted", 3, 4, "stopped"]


def test_the_crash_hook_hears_the_message_and_the_error(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    class TellingActor(UnluckyActor):
        def on_crash(self, message: object, error: Exception) -> None:
            self.received.append((message, error))

    error = ValueError("two")
    ref = TellingActor.start_on(stage, received)
    told(ref, error, 3)
    ref.stop()
    assert received == ["started", (error, error), 3, "stopped"]


def test_past_its_budget_an_actor_is_given_up_and_the_system_told(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    escalated: list[object] = []
    last = ValueError("c")
    ref = UnluckyActor.start_on(stage, received, escalate=escalated.append)
    told(ref, ValueError("a"), ValueError("b"), last)
    waiting = ref.ask("waiting", block=False)
    stage.run_until_idle()
    assert received == ["started", "restarted", "restarted"]
    assert escalated == [last]
    assert not ref.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        waiting.get()
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("late")


def test_a_restart_that_is_a_window_old_no_longer_counts(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = UnluckyActor.start_on(stage, received)
    told(ref, ValueError("a"), ValueError("b"))
    stage.run_until_idle()
    frozen.move_to(NOON + timedelta(seconds=60))
    told(ref, ValueError("c"))
    ref.stop()
    assert received == ["started", "restarted", "restarted", "restarted", "stopped"]


def test_a_restart_a_moment_younger_than_the_window_still_counts(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    escalated: list[object] = []
    ref = UnluckyActor.start_on(stage, received, escalate=escalated.append)
    told(ref, ValueError("a"), ValueError("b"))
    stage.run_until_idle()
    frozen.move_to(NOON + timedelta(seconds=59, microseconds=999_999))
    told(ref, ValueError("c"))
    stage.run_until_idle()
    assert [str(error) for error in escalated] == ["c"]


def test_a_clock_set_back_frees_the_budget_instead_of_blocking_it(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = UnluckyActor.start_on(stage, received)
    told(ref, ValueError("a"), ValueError("b"))
    stage.run_until_idle()
    frozen.move_to(NOON - timedelta(days=1))
    told(ref, ValueError("c"))
    ref.stop()
    assert received == ["started", "restarted", "restarted", "restarted", "stopped"]


def test_an_actor_that_cannot_start_is_reported_like_one_that_crashes(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    escalated: list[object] = []
    ref = NeverStartingActor.start_on(stage, received, escalate=escalated.append)
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("are you there", timeout=1)
    assert [str(error) for error in escalated] == ["no database"]


def test_an_actor_whose_second_start_succeeds_goes_on(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    class SlowStarter(UnluckyActor):
        def on_start(self) -> NoReturn:
            raise OSError("not yet")

    ref = SlowStarter.start_on(stage, received)
    ref.tell("hello")
    ref.stop()
    assert received == ["restarted", "hello", "stopped"]


def test_a_crash_hook_that_raises_gives_the_actor_up(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    class HelplessActor(UnluckyActor):
        def on_crash(self, message: object, error: Exception) -> NoReturn:
            raise RuntimeError("no help") from error

    escalated: list[object] = []
    ref = HelplessActor.start_on(stage, received, escalate=escalated.append)
    ref.tell(ValueError("a"))
    stage.run_until_idle()
    assert ([str(error) for error in escalated], ref.is_alive()) == (["no help"], False)


def test_an_actor_given_up_is_told_so_instead_of_stopped(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    class TidyActor(NeverStartingActor):
        def on_failure(
            self,
            exception_type: type[BaseException] | None,
            exception_value: BaseException | None,
            traceback: TracebackType | None,
        ) -> None:
            self.received.append(exception_type)

    TidyActor.start_on(stage, received, escalate=received.append)
    stage.run_until_idle()
    assert (received[0], str(received[1]), len(received)) == (OSError, "no database", 2)


def test_a_crash_that_nobody_handles_is_raised_by_the_step(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    NeverStartingActor.start_on(stage, received)
    with pytest.raises(OSError, match="no database"):
        stage.run_until_idle()


def test_a_step_raises_a_handled_crash_too_unless_told_otherwise(
    frozen: FrozenDateTimeFactory, received: list[object]
) -> None:
    stage = SteppingDispatcher()
    ref = UnluckyActor.start_on(stage, received)
    told(ref, ValueError("a"), "next")
    with pytest.raises(ValueError, match="a"):
        stage.run_until_idle()
    ref.stop()
    assert received == ["started", "restarted", "next", "stopped"]


def test_an_actor_that_cannot_stop_cleanly_stops_and_is_reported(
    frozen: FrozenDateTimeFactory, stage: SteppingDispatcher, received: list[object]
) -> None:
    class StickyActor(RecordingActor):
        def on_stop(self) -> NoReturn:
            raise OSError("in progress")

    ref = StickyActor.start_on(stage, received)
    ref.stop(block=False)
    with pytest.raises(OSError, match="in progress"):
        stage.run_until_idle()
    assert not ref.is_alive()
