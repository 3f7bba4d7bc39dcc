import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime.actor import MailboxActor
from actors.runtime.dispatchers import PoolDispatcher
from actors.runtime.supervision import RestartBudget
from tests.actors.recording_actor import RecordingActor

PATIENCE_SECONDS = 30


@contextmanager
def dispatching(threads: int = 1, **options: Any) -> Iterator[PoolDispatcher]:
    dispatcher = PoolDispatcher("test", threads, **options)
    try:
        yield dispatcher
    finally:
        assert dispatcher.stop(timedelta(seconds=PATIENCE_SECONDS))


class GatedActor(RecordingActor):
    """Blocks at "wait" until the gate opens, so that a test can queue up messages."""

    def __init__(self, received: list[object], gate: threading.Event) -> None:
        super().__init__(received)
        self.gate = gate

    def on_receive(self, message: object) -> object:
        if message == "wait":
            assert self.gate.wait(PATIENCE_SECONDS)
        return super().on_receive(message)


class CountingActor(MailboxActor):
    """Counts without a lock, which is only right if one thread at a time runs it."""

    def __init__(self) -> None:
        super().__init__()
        self.running = self.most_running = self.handled = 0
        self.last_of: dict[object, int] = {}

    def on_receive(self, message: Any) -> tuple[int, int] | None:
        if message == "result":
            return self.handled, self.most_running
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        sender, number = message
        assert self.last_of.get(sender, -1) < number
        self.last_of[sender] = number
        self.handled += 1
        self.running -= 1
        return None


class HelloActor(MailboxActor):
    def __init__(self, greeted: list[object], expected: int, everyone: threading.Event) -> None:
        super().__init__()
        self.greeted, self.expected, self.everyone = greeted, expected, everyone

    def on_receive(self, message: int) -> None:
        self.greeted.append(message)
        if len(self.greeted) == self.expected:
            self.everyone.set()


def test_four_threads_run_an_actor_one_at_a_time_and_keep_each_senders_order() -> None:
    with dispatching(threads=4, messages_per_turn=1) as dispatcher:
        ref = CountingActor.start_on(dispatcher)
        senders = [
            threading.Thread(
                target=lambda sender=sender: [*map(ref.tell, ((sender, n) for n in range(2_000)))]
            )
            for sender in range(4)
        ]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert ref.ask("result", timeout=PATIENCE_SECONDS) == (8_000, 1)
        ref.stop()


def test_a_busy_actor_lets_others_in_between_its_turns() -> None:
    received: list[object] = []
    gate = threading.Event()
    with dispatching(messages_per_turn=10) as dispatcher:
        busy = GatedActor.start_on(dispatcher, received, gate)
        busy.tell("wait")
        for number in range(1_000):
            busy.tell(number)
        quiet = RecordingActor.start_on(dispatcher, received)
        quiet.tell("a word")
        gate.set()
        quiet.stop(timeout=PATIENCE_SECONDS)
        busy.stop(timeout=PATIENCE_SECONDS)
    assert received.index("a word") < 20
    assert [word for word in received if isinstance(word, int)] == list(range(1_000))


def test_an_ask_of_a_busy_actor_times_out() -> None:
    gate = threading.Event()
    with dispatching() as dispatcher:
        ref = GatedActor.start_on(dispatcher, [], gate)
        ref.tell("wait")
        with pytest.raises(pykka.Timeout):
            ref.ask("hello", timeout=0.01)
        gate.set()
        ref.stop(timeout=PATIENCE_SECONDS)


def test_stopping_a_dispatcher_handles_what_waits_on_every_thread() -> None:
    received: list[object] = []
    with dispatching(threads=3, messages_per_turn=2) as dispatcher:
        refs = [RecordingActor.start_on(dispatcher, received) for _ in range(10)]
        for number in range(100):
            refs[number % 10].tell(number)
        for ref in refs:
            ref.stop(block=False)
    assert sorted(word for word in received if isinstance(word, int)) == list(range(100))
    assert received.count("stopped") == 10


def test_a_dispatcher_that_cannot_stop_in_time_says_so_and_refuses_what_waits() -> None:
    received: list[object] = []
    gate = threading.Event()
    dispatcher = PoolDispatcher("slow", messages_per_turn=1)
    ref = GatedActor.start_on(dispatcher, received, gate)
    ref.tell("wait")
    answer = ref.ask("after", block=False)
    assert dispatcher.stop(timedelta(milliseconds=10)) is False
    gate.set()
    with pytest.raises(pykka.ActorDeadError):
        answer.get(timeout=PATIENCE_SECONDS)
    assert received == ["started", "wait"]


def test_a_dispatcher_stopped_in_the_midst_of_much_work_ends_its_threads() -> None:
    gate = threading.Event()
    dispatcher = PoolDispatcher("swamped", threads=2, messages_per_turn=1)
    refs = [GatedActor.start_on(dispatcher, [], gate) for _ in range(20)]
    for ref in refs:
        ref.tell("wait")
    answers = [ref.ask("after", block=False) for ref in refs]
    assert dispatcher.stop(timedelta(0)) is False
    gate.set()
    for answer in answers:
        with pytest.raises(pykka.ActorDeadError):
            answer.get(timeout=PATIENCE_SECONDS)
    assert not any(ref.is_alive() for ref in refs)


def test_an_actor_told_something_on_a_stopped_dispatcher_is_dead() -> None:
    with dispatching() as dispatcher:
        ref = RecordingActor.start_on(dispatcher, [])
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("anyone", timeout=PATIENCE_SECONDS)
    with pytest.raises(pykka.ActorDeadError):
        ref.tell("anyone")


def test_a_crash_is_logged_without_a_word_of_what_was_said() -> None:
    class FragileActor(RecordingActor):
        budget = RestartBudget(restarts=1)

    with capture_logs() as logs, dispatching() as dispatcher:
        ref = FragileActor.start_on(dispatcher, [])
        ref.tell(ValueError("my private words"))
        ref.stop(timeout=PATIENCE_SECONDS)
    (entry,) = logs
    assert "private" not in str(entry)
    where = entry.pop("where")
    assert where.endswith("in on_receive")
    assert entry == {
        "event": "actor_crashed",
        "log_level": "error",
        "actor": str(ref),
        "doing": "ValueError",
        "error": "ValueError",
        "handled": True,
    }


def test_a_library_that_exits_costs_the_actor_but_not_the_thread() -> None:
    escalated: list[object] = []
    with capture_logs(), dispatching() as dispatcher:
        ref = RecordingActor.start_on(dispatcher, [], escalate=escalated.append)
        other = RecordingActor.start_on(dispatcher, [])
        ref.tell(SystemExit(1))
        assert other.ask("still here", timeout=PATIENCE_SECONDS) == "heard still here"
        other.stop(timeout=PATIENCE_SECONDS)
    assert [type(error) for error in escalated] == [SystemExit]


@pytest.mark.usefixtures("among_multitudes")
def test_a_hundred_thousand_live_actors_each_hear_a_message() -> None:
    greeted: list[int] = []
    everyone = threading.Event()
    actors = 100_000
    with dispatching(threads=2) as dispatcher:
        refs = [HelloActor.start_on(dispatcher, greeted, actors, everyone) for _ in range(actors)]
        for number, ref in enumerate(refs):
            ref.tell(number)
        assert everyone.wait(PATIENCE_SECONDS)
        assert all(ref.is_alive() for ref in refs)
        for ref in refs:
            ref.stop(block=False)
    assert sorted(greeted) == list(range(actors))
    assert not any(ref.is_alive() for ref in refs)
