"""How a start loads the many conversations that wait for an answer."""

from collections.abc import Callable, Iterator

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.signals import SweepDue
from actors.supervisor import SupervisorActor
from moca.core.inbound.events import InboundMessage
from moca.core.messages.conversation import FindUnanswered, UnansweredFound
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from tests.actors.recording_actor import RecordingActor
from tests.support.factory import ANNA, BEN, at
from tests.support.system import SteppedSystem

SWEEP = SenderPolicy().sweep


class LoneSupervisor:
    """A supervisor alone, with lists as neighbours."""

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        self.looked: list[object] = []
        self.is_busy = False
        self._frozen = frozen
        self._dispatcher = SteppingDispatcher()
        self._timers = ManualTimers()
        self._supervisor = SupervisorActor.start_on(
            self._dispatcher,
            record=self.looked.append,
            to_sender=[].append,
            spawn=lambda *_who: RecordingActor.start_on(self._dispatcher, []),
            timers=self._timers,
            sweep=SWEEP,
            is_busy=lambda: self.is_busy,
        )

    def receive(self, message: SweepDue | UnansweredFound) -> None:
        """Send a message and let it be handled."""
        self._supervisor.tell(message)
        self._dispatcher.run_until_idle()

    def closes(self) -> None:
        """Stop the supervisor and the actors it started."""
        self._supervisor.stop()
        self._dispatcher.run_until_idle()

    def passes_to(self, seconds: float) -> None:
        """Advance to this many seconds."""
        self._frozen.move_to(at(seconds))
        self._timers.advance_to(at(seconds))
        self._dispatcher.run_until_idle()


@pytest.fixture
def desk(frozen: FrozenDateTimeFactory) -> Iterator[LoneSupervisor]:
    desk = LoneSupervisor(frozen)
    yield desk
    desk.closes()


def test_the_first_few_are_taken_up_by_themselves_and_then_many_at_once(
    desk: LoneSupervisor,
) -> None:
    desk.receive(SweepDue())
    desk.receive(UnansweredFound({ANNA: 1}, 50))
    desk.receive(UnansweredFound({ANNA: 1, BEN: 2}, 550))
    desk.receive(UnansweredFound({ANNA: 1}, None))
    assert desk.looked == [
        FindUnanswered(0, 50),
        FindUnanswered(50, 500),
        FindUnanswered(550, 500),
    ]


def test_those_who_are_looked_after_already_are_passed_over_without_haste(
    desk: LoneSupervisor,
) -> None:
    desk.receive(SweepDue())
    desk.receive(UnansweredFound({ANNA: 1}, 50))
    desk.receive(UnansweredFound({ANNA: 1}, 550))
    assert desk.looked == [FindUnanswered(0, 50), FindUnanswered(50, 500)]

    desk.passes_to(0.05)
    assert desk.looked == [
        FindUnanswered(0, 50),
        FindUnanswered(50, 500),
        FindUnanswered(550, 500),
    ]


def test_nobody_else_is_taken_up_while_there_is_enough_to_do(desk: LoneSupervisor) -> None:
    desk.is_busy = True
    desk.receive(SweepDue())
    desk.receive(UnansweredFound({ANNA: 1}, 50))
    desk.passes_to(1)
    assert desk.looked == [FindUnanswered(0, 50)]

    desk.is_busy = False
    desk.passes_to(2)
    assert desk.looked == [FindUnanswered(0, 50), FindUnanswered(50, 500)]


def test_a_sweep_that_still_goes_on_is_not_begun_again(desk: LoneSupervisor) -> None:
    desk.receive(SweepDue())
    desk.passes_to(SWEEP.total_seconds() - 1)
    desk.receive(UnansweredFound({ANNA: 1}, 50))
    desk.passes_to(SWEEP.total_seconds())
    assert desk.looked == [FindUnanswered(0, 50), FindUnanswered(50, 500)]


def test_a_sweep_that_broke_off_is_begun_again(desk: LoneSupervisor) -> None:
    desk.receive(SweepDue())
    desk.passes_to(SWEEP.total_seconds())
    assert desk.looked == [FindUnanswered(0, 50)] * 2


def test_all_of_many_who_waited_through_a_crash_are_answered_once(
    open_system: Callable[..., SteppedSystem],
) -> None:
    policy = SenderPolicy(per_second=1000, account_per_second=1000)
    system = open_system(sender=policy, conversation=ConversationPolicy())
    people = [ContactKey(ANNA.account_id, f"person-{number}") for number in range(120)]
    system.receive_events(*(InboundMessage(contact=who, mid=who.psid, text="hi") for who in people))
    system.crash()
    system.start()
    system.advance(30)
    assert sorted(call.contact.psid for call in system.instagram.reached) == sorted(
        who.psid for who in people
    )
