import gc
from collections.abc import Iterator

import pykka
import pytest

from actors.runtime.actor import MailboxActor, Ref
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.future import Envelope
from tests.actors.recording_actor import RecordingActor


@pytest.fixture
def received() -> list[object]:
    return []


@pytest.fixture
def stage() -> SteppingDispatcher:
    return SteppingDispatcher()


@pytest.fixture
def ref(stage: SteppingDispatcher, received: list[object]) -> Iterator[Ref[RecordingActor]]:
    ref = RecordingActor.start_on(stage, received)
    yield ref
    ref.stop()


def test_messages_are_handled_in_the_order_they_were_told(
    stage: SteppingDispatcher, ref: Ref[RecordingActor], received: list[object]
) -> None:
    for number in range(100):
        ref.tell(number)
    stage.run_until_idle()
    assert received == ["started", *range(100)]


def test_an_actor_starts_before_its_first_message_and_needs_none_to_start(
    stage: SteppingDispatcher, ref: Ref[RecordingActor], received: list[object]
) -> None:
    stage.run_until_idle()
    assert received == ["started"]


def test_an_ask_is_answered_with_what_the_actor_returns(ref: Ref[RecordingActor]) -> None:
    assert ref.ask("hello", timeout=1) == "heard hello"


def test_an_ask_that_raises_goes_to_the_asker_and_costs_the_actor_nothing(
    ref: Ref[RecordingActor], received: list[object]
) -> None:
    with pytest.raises(LookupError, match="no such thing"):
        ref.ask(LookupError("no such thing"), timeout=1)
    ref.ask("next", timeout=1)
    assert received == ["started", "next"]


def test_an_answer_that_nothing_can_bring_is_not_waited_for(stage: SteppingDispatcher) -> None:
    class SelfAskingActor(MailboxActor):
        def on_receive(self, message: object) -> object:
            return self.actor_ref.ask("and again", timeout=None)

    ref = SelfAskingActor.start_on(stage)
    with pytest.raises(pykka.Timeout):
        ref.ask("ask yourself")
    stage._ready.clear()


def test_what_was_told_before_the_stop_is_handled_before_it(
    stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = RecordingActor.start_on(stage, received)
    ref.tell("before")
    stopping = ref.stop(block=False)
    late = ref.ask("after", block=False)
    stage.run_until_idle()
    assert stopping.get() is True
    assert received == ["started", "before", "stopped"]
    with pytest.raises(pykka.ActorDeadError):
        late.get()


def test_a_stopped_actor_refuses_what_it_is_told_or_asked(
    stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = RecordingActor.start_on(stage, received)
    ref.stop()
    assert not ref.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("late")
    with pytest.raises(pykka.ActorDeadError):
        ref.try_tell("late")
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("late")
    assert ref.stop() is False


def test_two_stops_at_once_are_both_answered(
    stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = RecordingActor.start_on(stage, received)
    first, second = ref.stop(block=False), ref.stop(block=False)
    assert (first.get(), second.get()) == (True, True)
    assert received == ["started", "stopped"]


def test_a_message_that_slips_in_while_the_actor_stops_is_refused(
    stage: SteppingDispatcher, ref: Ref[RecordingActor]
) -> None:
    ref.stop()
    put = ref.actor_inbox.put
    with pytest.raises(pykka.ActorDeadError):
        put(Envelope("late"))
    answer = ref.actor_class._create_future()
    put(Envelope("late", reply_to=answer))
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=0)


def test_an_actor_can_stop_itself(stage: SteppingDispatcher, received: list[object]) -> None:
    class BriefActor(RecordingActor):
        def on_receive(self, message: object) -> object:
            super().on_receive(message)
            self.stop()
            return None

    ref = BriefActor.start_on(stage, received)
    ref.tell("only")
    stage.run_until_idle()
    assert (received, ref.is_alive()) == (["started", "only", "stopped"], False)


def test_a_full_mailbox_refuses_a_try_but_not_a_tell(
    stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = RecordingActor.start_on(stage, received, capacity=2)
    assert [ref.try_tell(number) for number in range(3)] == [True, True, False]
    ref.tell("always")
    assert len(ref.actor_inbox) == 3
    stage.run_until_idle()
    assert ref.try_tell("again")
    ref.stop()
    assert received == ["started", 0, 1, "always", "again", "stopped"]


def test_what_is_told_during_the_construction_is_kept(
    stage: SteppingDispatcher, received: list[object]
) -> None:
    class EagerActor(RecordingActor):
        def __init__(self, received: list[object]) -> None:
            super().__init__(received)
            self.actor_ref.tell("from the constructor")

    ref = EagerActor.start_on(stage, received)
    ref.tell("from outside")
    ref.stop()
    assert received == ["started", "from the constructor", "from outside", "stopped"]


def test_actors_are_kept_out_of_pykkas_registry(ref: Ref[RecordingActor]) -> None:
    assert pykka.ActorRegistry.get_all() == []


def test_pykkas_own_start_says_how_to_start_instead() -> None:
    with pytest.raises(TypeError, match=r"RecordingActor\.start_on\(dispatcher"):
        RecordingActor.start([])


def test_an_idle_actor_keeps_no_queue(stage: SteppingDispatcher, ref: Ref[RecordingActor]) -> None:
    ref.tell("one")
    stage.run_until_idle()
    assert ref.actor_inbox._waiting is None


def test_a_stopped_actor_is_freed_at_once_though_its_reference_is_kept(
    stage: SteppingDispatcher, received: list[object]
) -> None:
    ref = RecordingActor.start_on(stage, received)
    ref.ask("hello", timeout=1)
    actor = ref._actor_weakref
    gc.disable()
    try:
        ref.stop()
        assert actor() is None
    finally:
        gc.enable()
