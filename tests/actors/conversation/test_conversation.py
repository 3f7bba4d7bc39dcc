from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.conversation import ConversationActor, ConversationContext
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers, Timer
from moca.core.conversation.decide import TimerFired
from moca.core.conversation.snapshot import Snapshot
from moca.core.messages.conversation import (
    ConversationIdle,
    ConversationLoaded,
    LoadConversation,
    ReadName,
)
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.replies import ConcludeMessages, GenerateReply
from moca.core.policy import ConversationPolicy, same_for_all
from moca.core.types import ContactKey, ConversationStatus, Outcome
from tests.support.factory import ANNA, at, said

KNOWN = Snapshot(contact=ANNA, conversation_id=1, status=ConversationStatus.OPEN)


class NotedTimers(ManualTimers):
    """Also records the instants of the requested timers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    def later(self, when: datetime, send: Callable[[], None]) -> Timer:
        self.asked.append(when)
        return super().later(when, send)


class LoneConversation:
    """A conversation with neighbours that only record."""

    def __init__(self, policy: ConversationPolicy = ConversationPolicy()) -> None:  # noqa: B008
        self.recorded: list[object] = []
        self.generated: list[object] = []
        self.read: list[object] = []
        self.idle: list[object] = []
        self.timers = NotedTimers()
        self.dispatcher = SteppingDispatcher(fail_fast=False)
        self.around = ConversationContext(
            policy_of=same_for_all(policy),
            record=self.recorded.append,
            generate=self.generated.append,
            read=self.read.append,
            notify=self.idle.append,
            timers=self.timers,
        )

    def enter(
        self, contact: ContactKey = ANNA, first: MessageArrived | None = None
    ) -> Ref[ConversationActor]:
        return ConversationActor.start_on(self.dispatcher, contact, self.around, first)


@pytest.fixture
def stage(frozen: FrozenDateTimeFactory) -> LoneConversation:
    return LoneConversation()


def test_it_asks_the_database_first_and_lets_pass_what_the_answer_will_hold(
    stage: LoneConversation,
) -> None:
    ref = stage.enter()
    ref.tell(MessageArrived(ANNA, 1, said(1, "hi")))
    stage.dispatcher.run_until_idle()
    assert stage.recorded == [LoadConversation(ANNA, at(0))]

    ref.tell(ConversationLoaded(ANNA, _known(unanswered=(said(1, "hi"),))))
    stage.dispatcher.run_until_idle()
    assert stage.timers.next_at == at(5)
    ref.stop()


def test_with_a_contacts_first_message_it_needs_no_database_to_begin(
    stage: LoneConversation,
) -> None:
    ref = stage.enter(first=MessageArrived(ANNA, 1, said(1, "hi"), is_first=True))
    stage.dispatcher.run_until_idle()
    assert stage.timers.next_at == at(5)
    assert stage.read == [ReadName(ANNA)]
    assert not any(isinstance(command, LoadConversation) for command in stage.recorded)
    ref.stop()


def test_it_asks_for_a_name_that_nobody_knows_yet(stage: LoneConversation) -> None:
    ref = stage.enter()
    ref.tell(ConversationLoaded(ANNA, _known(is_named=False)))
    stage.dispatcher.run_until_idle()
    assert stage.read == [ReadName(ANNA)]
    ref.stop()


def test_one_the_database_knows_nothing_of_is_idle(stage: LoneConversation) -> None:
    ref = stage.enter()
    ref.tell(ConversationLoaded(ANNA, None))
    stage.dispatcher.run_until_idle()
    assert stage.idle == [ConversationIdle(ANNA, received=1)]
    ref.stop()


def test_once_stopped_it_wants_no_waking(stage: LoneConversation) -> None:
    ref = stage.enter()
    ref.tell(ConversationLoaded(ANNA, _known(unanswered=(said(1, "hi"),))))
    stage.dispatcher.run_until_idle()
    ref.stop()
    assert stage.timers.next_at is None


def test_a_second_message_leaves_a_waking_that_is_set_already(
    stage: LoneConversation, frozen: FrozenDateTimeFactory
) -> None:
    ref = stage.enter(first=MessageArrived(ANNA, 1, said(1, "hi"), is_first=True))
    frozen.tick(2)
    ref.tell(MessageArrived(ANNA, 1, said(2, "where is my order")))
    stage.dispatcher.run_until_idle()
    assert stage.timers.asked == [at(5)]
    ref.stop()


def test_once_woken_it_is_woken_again_at_an_instant_that_a_clock_set_back_brings_anew(
    stage: LoneConversation, frozen: FrozenDateTimeFactory
) -> None:
    ref = stage.enter(first=MessageArrived(ANNA, 1, said(1, "hi"), is_first=True))
    stage.dispatcher.run_until_idle()
    frozen.tick(4)
    stage.timers.advance_to(at(5))
    stage.dispatcher.run_until_idle()
    assert stage.timers.next_at == at(5)
    ref.stop()


def test_a_message_that_keeps_crashing_it_is_set_aside_with_the_error(
    frozen: FrozenDateTimeFactory,
) -> None:
    unusable: Any = None
    stage = LoneConversation(ConversationPolicy(dedup=unusable))
    ref = stage.enter()
    snapshot = _known(unanswered=(said(7, "hi"),))
    for _ in range(4):
        ref.tell(ConversationLoaded(ANNA, snapshot))
        stage.dispatcher.run_until_idle()

    assert [each for each in stage.recorded if isinstance(each, ConcludeMessages)] == [
        ConcludeMessages((7,), Outcome.FAILED, "an internal error occurred: AttributeError", at(0))
    ]
    assert stage.idle == [ConversationIdle(ANNA, received=4)]
    assert not ref.is_alive()


@pytest.mark.usefixtures("among_multitudes")
def test_a_hundred_thousand_conversations_live_in_one_process(
    frozen: FrozenDateTimeFactory,
) -> None:
    stage = LoneConversation()
    count = 100_000
    contacts = [ContactKey(ANNA.account_id, str(number)) for number in range(count)]
    refs = [stage.enter(contact) for contact in contacts]
    for number, (ref, contact) in enumerate(zip(refs, contacts, strict=True)):
        snapshot = Snapshot(
            contact=contact,
            conversation_id=number,
            status=ConversationStatus.OPEN,
            unanswered=(said(number, "hi"),),
        )
        ref.tell(ConversationLoaded(contact, snapshot))
    stage.dispatcher.run_until_idle(max_steps=10 * count)

    frozen.tick(timedelta(seconds=5))
    for ref in refs:
        ref.tell(TimerFired())
    stage.dispatcher.run_until_idle(max_steps=10 * count)
    assert len(stage.generated) == count
    assert stage.generated[-1] == GenerateReply(contacts[-1], (said(count - 1, "hi"),), 1)
    for ref in refs:
        ref.stop(block=False)
    stage.dispatcher.run_until_idle(max_steps=10 * count)


def _known(**more: Any) -> Snapshot:
    return Snapshot(
        contact=KNOWN.contact,
        conversation_id=KNOWN.conversation_id,
        status=KNOWN.status,
        **more,
    )
