"""An error after a commit does not count as a failed commit; stored commands keep their order."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import peewee
import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.persistence import PersistenceActor
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from moca.core.content.content import Content
from moca.core.messages.command import Command
from moca.core.messages.replies import MessagesEnded, QueueReply, ReplyQueued
from moca.core.types import Author, Outcome
from moca.storage.writer import Written
from tests.support.factory import NOON, at
from tests.support.system import SteppedSystem


class Stumbling:
    """An observer that raises at each event of one type."""

    def __init__(self, kind: type, error: Exception) -> None:
        self.kind = kind
        self.error = error

    def __call__(self, event: object) -> None:
        if isinstance(event, self.kind):
            raise self.error


class ScriptedWriter:
    """Fails as scripted for each call, and records what it wrote."""

    def __init__(self, *results: Exception | None) -> None:
        self.results = list(results)
        self.written: list[object] = []

    def apply(self, commands: Sequence[Command]) -> Written:
        error = self.results.pop(0) if self.results else None
        if error is not None:
            raise error
        self.written += commands
        ended = MessagesEnded((len(self.written),), Outcome.ANSWERED, "")
        return Written(_answers(commands), (), (ended,))

    def probe(self) -> None:
        pass

    def close(self) -> None:
        pass


def _answers(commands: Sequence[Command]) -> tuple[tuple[Future[object], str], ...]:
    receipts = [getattr(each, "receipt", None) for each in commands]
    return tuple((each, "done") for each in receipts if each is not None)


def _send(system: SteppedSystem, receipt: Future[object]) -> None:
    system.actors.tell(_by_hand(receipt, system.journey("m1").message.conversation_id))


def _by_hand(receipt: Future[object], conversation_id: int = 1) -> QueueReply:
    content = Content(text="by hand")
    return QueueReply(conversation_id, (), content, NOON, author=Author.HUMAN, receipt=receipt)


@pytest.mark.parametrize("error", [RuntimeError("in an observer"), OSError("in an observer")])
def test_an_observer_that_raises_repeats_no_write(
    open_system: Callable[..., SteppedSystem], error: OSError | RuntimeError
) -> None:
    system = open_system(observers=(Stumbling(ReplyQueued, error),))
    system.receive("hi", mid="m1")
    system.advance(60)
    receipt: Future[object] = Future()
    _send(system, receipt)
    system.advance(60)
    assert receipt.done()
    assert [call.text for call in system.instagram.reached] == [
        "This would be an AI generated message",
        "by hand",
    ]


def _actor(
    writer: ScriptedWriter, notify: Callable[[Any], object], *, fail_fast: bool = True
) -> tuple[SteppingDispatcher, ManualTimers, Ref[PersistenceActor]]:
    dispatcher, timers = SteppingDispatcher(fail_fast=fail_fast), ManualTimers()
    ref = PersistenceActor.start_on(
        dispatcher, open_writer=lambda: writer, notify=notify, timers=timers
    )
    return dispatcher, timers, ref


def _settle(dispatcher: SteppingDispatcher) -> None:
    while dispatcher.step():
        pass


def _live_through(
    seconds: int,
    frozen: FrozenDateTimeFactory,
    dispatcher: SteppingDispatcher,
    timers: ManualTimers,
) -> None:
    for second in range(1, seconds + 1):
        frozen.move_to(at(second))
        timers.advance_to(at(second))
        _settle(dispatcher)


class Numbered(int):
    """A command without a waiting caller."""


def test_one_event_that_cannot_be_told_keeps_no_other_back(frozen: FrozenDateTimeFactory) -> None:
    told: list[object] = []

    def notify(event: MessagesEnded) -> None:
        if isinstance(event, MessagesEnded) and event.message_ids == (1,):
            raise OSError("the log's disk is full")
        told.append(event)

    writer = ScriptedWriter(RuntimeError("one by one, please"))
    dispatcher, timers, ref = _actor(writer, notify)
    for number in (1, 2, 3):
        ref.tell(Numbered(number))
    _settle(dispatcher)
    _live_through(4, frozen, dispatcher, timers)
    assert writer.written == [1, 2, 3]
    assert told == [MessagesEnded((n,), Outcome.ANSWERED, "") for n in (2, 3)]
    ref.stop()


def test_what_is_kept_while_written_one_by_one_stays_in_its_order(
    frozen: FrozenDateTimeFactory,
) -> None:
    lost = peewee.OperationalError("gone")
    writer = ScriptedWriter(RuntimeError("one by one"), lost, lost, lost)
    dispatcher, timers, ref = _actor(writer, lambda _event: None)
    for number in (1, 2, 3):
        ref.tell(Numbered(number))
    _settle(dispatcher)
    _live_through(4, frozen, dispatcher, timers)
    assert writer.written == [1, 2, 3]
    ref.stop()


def test_whoever_waits_for_a_command_that_crashes_the_writer_is_told_at_once(
    frozen: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher, _, ref = _actor(ScriptedWriter(), lambda _event: None, fail_fast=False)
    crash = RuntimeError("it must be mended")

    def gather(_self: object, _command: object) -> None:
        raise crash

    lost: Future[object] = Future()
    with monkeypatch.context() as sabotage:
        sabotage.setattr(PersistenceActor, "_gather", gather)
        ref.tell(_by_hand(lost))
        _settle(dispatcher)
    assert lost.exception(timeout=0) is crash

    kept: Future[object] = Future()
    ref.tell(_by_hand(kept))
    _settle(dispatcher)
    assert kept.result(timeout=0) == "done"
    ref.stop()


def test_a_receipt_that_was_answered_before_the_write_costs_nothing(
    frozen: FrozenDateTimeFactory,
) -> None:
    class Waiting(Numbered):
        receipt: Future[object]

    one, two = Waiting(1), Waiting(2)
    one.receipt, two.receipt = Future(), Future()
    one.receipt.set_result("elsewhere")
    writer = ScriptedWriter()
    dispatcher, _, ref = _actor(writer, lambda _event: None)
    ref.tell(one)
    ref.tell(two)
    _settle(dispatcher)
    assert (one.receipt.result(), two.receipt.result()) == ("elsewhere", "done")
    assert writer.written == [1, 2]
    ref.stop()
