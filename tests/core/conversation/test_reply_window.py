"""Nothing is generated for a message that may no longer be answered."""

from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.conversation.decide import TimerFired, restore
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.messages.replies import ConcludeMessages, GenerateReply
from moca.core.policy import ConversationPolicy
from moca.core.types import ConversationStatus, Outcome
from tests.core.conversation.script import Talk
from tests.support.factory import ANNA, at, said

HOUR = 3600
SHUT = "the 24-hour reply window closed before it could be answered"
WEEK = ConversationPolicy(window=timedelta(days=7))


def _sent(hours_ago: float, id: int = 1, seconds: float = 0, **changes: str) -> Inbound:
    message = said(id, f"text {id}", seconds, **changes)
    return replace(message, opened_at=message.received_at - timedelta(hours=hours_ago))


@pytest.mark.parametrize(
    ("hours_ago", "is_late"), [(0.5, False), (23.998, False), (23.9987, True), (30, True)]
)
def test_a_message_that_comes_when_its_window_is_shut_is_not_answered(
    hours_ago: float, is_late: bool
) -> None:
    message = _sent(hours_ago)
    effects = Talk().receive(message).happens(5, TimerFired()).effects
    ended = ConcludeMessages((1,), Outcome.SUPPRESSED, SHUT, at(5))
    assert effects[0] == (ended if is_late else GenerateReply(ANNA, (message,), 1))
    assert any(isinstance(each, GenerateReply) for each in effects) is not is_late


def test_another_message_keeps_the_window_open_for_it() -> None:
    old, new = _sent(30), said(2, "hello?", 1)
    effects = Talk().receive(old, new).happens(5, TimerFired()).effects
    assert effects == (GenerateReply(ANNA, (old,), 1), GenerateReply(ANNA, (new,), 1))


def test_a_comment_keeps_no_window_open() -> None:
    old, comment = _sent(30), said(2, "nice", 1, kind="comment")
    effects = Talk().receive(old, comment).happens(5, TimerFired()).effects
    assert effects == (
        ConcludeMessages((1,), Outcome.SUPPRESSED, SHUT, at(5)),
        GenerateReply(ANNA, (comment,), 1),
    )


@pytest.mark.parametrize(("hours_ago", "asks"), [(23, True), (25, False)])
def test_the_contacts_window_counts_that_an_answered_message_opened(
    hours_ago: float, asks: bool
) -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(_sent(30),),
        window_opened_at=at(-hours_ago * HOUR),
    )
    _, effects = restore(snapshot, at(5), ConversationPolicy())
    assert any(isinstance(each, GenerateReply) for each in effects) is asks


def test_a_longer_window_is_open_longer() -> None:
    effects = Talk(policy=WEEK).receive(_sent(47)).happens(5, TimerFired()).effects
    assert any(isinstance(each, GenerateReply) for each in effects)
