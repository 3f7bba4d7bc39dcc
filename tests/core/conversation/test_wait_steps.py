from datetime import timedelta

import pytest

from moca.core.conversation.decide import restore
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.conversation.wait_steps import steps_of_first
from moca.core.messages.replies import RecordSteps
from moca.core.policy import ConversationPolicy
from moca.core.types import ConversationStatus, Stage, Step
from tests.core.conversation.script import POLICY
from tests.support.factory import ANNA, NOON, at, said

PASSED = Step(1, NOON, Stage.DEDUPLICATION, "passed", "no duplicate within 10 s")
UNTIL = "until 2026-11-22T12:00:05Z, 5 s left"
TAP = Inbound(id=1, mid="m1", kind="postback", text="yes", received_at=NOON)


def test_a_first_message_waits_for_the_debounce_from_its_receipt() -> None:
    waiting = Step(1, NOON, Stage.DEBOUNCE, "waiting", UNTIL)
    assert steps_of_first(said(1, "hi"), POLICY) == (PASSED, waiting)


@pytest.mark.parametrize("message", [said(1, "hi"), TAP])
@pytest.mark.parametrize("debounce", [timedelta(0), timedelta(seconds=5)])
def test_a_first_message_has_the_steps_that_its_conversation_would_record(
    message: Inbound, debounce: timedelta
) -> None:
    policy = ConversationPolicy(debounce=debounce)
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(message,),
    )
    _, (recorded, *_) = restore(snapshot, NOON, policy)
    assert recorded == RecordSteps(steps_of_first(message, policy))


def test_a_beginning_conversation_does_not_record_them_again() -> None:
    beginning = Snapshot.beginning(ANNA, 1, said(1, "hi"))
    _, effects = restore(beginning, at(1), POLICY)
    assert not any(isinstance(each, RecordSteps) for each in effects)
