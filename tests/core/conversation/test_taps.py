"""Taps wait neither for more messages nor for the cooldown."""

from dataclasses import replace
from datetime import UTC, time, timedelta
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.conversation.business_hours import BusinessHours, OpeningSpan
from moca.core.conversation.decide import TimerFired, restore
from moca.core.conversation.effects import WakeAt
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.inbound.event_rules import is_tap
from moca.core.messages.delivery import ReplySent
from moca.core.messages.inbound import MessageErased
from moca.core.messages.replies import (
    CheckImmediateReply,
    ConcludeMessages,
    GenerateReply,
    ImmediateReplyRequested,
    ReplyGenerated,
    ReplyQueued,
)
from moca.core.policy import ConversationPolicy
from moca.core.types import ConversationStatus, Outcome
from tests.core.conversation.script import FRESH, Talk
from tests.support.factory import ANNA, at, reply_to, said

TAPS = [{"kind": "postback"}, {"type": "quick_reply"}]
RULES = ConversationPolicy(checks_rules=True)
HELLO = Content(text="hello")


def tap(number: int, seconds: float, **form: str) -> Inbound:
    return said(number, f"tap {number}", seconds, **(form or TAPS[0]))


def asked(*inputs: Inbound) -> tuple[GenerateReply, ...]:
    return tuple(GenerateReply(ANNA, (each,), 1) for each in inputs)


@pytest.mark.parametrize(
    ("kind", "type", "expected"),
    [
        ("postback", "text", True),
        ("message", "quick_reply", True),
        ("message", "text", False),
        ("message", "story_reply", False),
        ("comment", "text", False),
    ],
)
def test_buttons_and_quick_replies_are_taps(kind: str, type: str, expected: bool) -> None:
    assert is_tap(kind, type) is expected


@pytest.mark.parametrize("form", TAPS)
def test_a_tap_is_answered_at_once(form: dict[str, str]) -> None:
    assert Talk().receive(tap(1, 0, **form)).effects == asked(tap(1, 0, **form))


def test_what_was_being_gathered_is_answered_with_a_tap_in_order() -> None:
    first, second, third = said(1, "hi", 0), said(2, "there", 1), tap(3, 2)
    assert Talk().receive(first, second, third).effects == asked(first, second, third)


def test_a_tap_does_not_wait_for_the_cooldown() -> None:
    first = said(1, "hi")
    assert Talk().receive(first).answers(first, 5).receive(tap(2, 6)).effects == asked(tap(2, 6))


def test_what_is_typed_after_a_tap_waits_for_the_cooldown() -> None:
    talk = Talk().receive(tap(1, 0))
    talk.happens(1, ReplyGenerated(ANNA, (1,), 1, HELLO))
    talk.happens(1, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    talk.happens(2, ReplySent(ANNA, 1, at(2))).receive(said(2, "and?", 3))
    assert talk.effects == (WakeAt(at(32)),)


def test_a_tap_waits_for_the_reply_under_way_and_no_longer() -> None:
    first = said(1, "hi")
    talk = Talk().receive(first).happens(5, TimerFired()).receive(said(2, "and?", 6), tap(3, 7))
    assert talk.effects == ()
    talk.happens(8, ReplyGenerated(ANNA, (1,), 1, HELLO))
    talk.happens(8, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    assert talk.effects == ()
    talk.happens(9, ReplySent(ANNA, 1, at(9)))
    assert talk.effects == asked(said(2, "and?", 6), tap(3, 7))


def test_a_restored_tap_is_answered_at_once_within_the_cooldown() -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(1, "hi", 0), tap(2, 1)),
        cooldown_until=at(30),
    )
    _, effects = restore(snapshot, at(2), ConversationPolicy())
    assert [each for each in effects if isinstance(each, GenerateReply)] == [
        *asked(said(1, "hi", 0), tap(2, 1))
    ]


def test_a_tap_that_is_unsent_presses_no_longer() -> None:
    first = said(1, "hi")
    talk = Talk().receive(first).answers(first, 5).receive(said(2, "and?", 6))
    talk.state = replace(talk.state, in_flight=frozenset({9}))
    talk.receive(tap(3, 7)).happens(8, MessageErased(ANNA, 1, 3))
    talk.state = replace(talk.state, in_flight=frozenset())
    assert talk.happens(9, TimerFired()).effects == (WakeAt(at(35)),)


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"status": ConversationStatus.PAUSED}, "the bot is paused"),
        ({"status": ConversationStatus.HUMAN}, "a teammate has taken over"),
        ({"has_opted_out": True}, None),
    ],
)
def test_a_tap_is_not_answered_where_nothing_is(
    changes: dict[str, Any], because: str | None
) -> None:
    effects = Talk(replace(FRESH, **changes)).receive(tap(1, 0)).effects
    (ended,) = [each for each in effects if isinstance(each, ConcludeMessages)]
    assert (ended.message_ids, ended.outcome) == ((1,), Outcome.SUPPRESSED)
    assert because in (None, ended.because)
    assert not any(isinstance(each, GenerateReply) for each in effects)


def test_a_tap_outside_the_hours_waits_for_the_opening() -> None:
    hours = BusinessHours(UTC, dict.fromkeys(range(7), (OpeningSpan(time(13), time(17)),)))
    policy = ConversationPolicy(hours=hours, answer_when_open=True)
    talk = Talk(policy=policy).receive(tap(1, 0))
    assert talk.effects == (WakeAt(at(3600)),)
    assert talk.happens(3600, TimerFired()).effects == asked(tap(1, 0))


def test_more_taps_than_an_hour_allows_are_not_answered() -> None:
    policy = ConversationPolicy(replies_per_hour=1)
    state = replace(FRESH, recent_replies=(at(0),))
    effects = Talk(state, policy).receive(tap(1, 1)).effects
    assert [type(each) for each in effects if not isinstance(each, WakeAt)] == [ConcludeMessages]


def test_a_rule_may_have_what_is_typed_answered_at_once() -> None:
    first, second = said(1, "hi"), said(2, "price?", 1)
    talk = Talk(policy=RULES).receive(first, second)
    assert talk.effects == (CheckImmediateReply(ANNA, second), WakeAt(at(5)))
    assert talk.happens(2, ImmediateReplyRequested(ANNA, 2, "rule 'prices'")).effects == asked(
        first, second
    )


def test_a_rule_is_heard_while_a_reply_is_under_way() -> None:
    first = said(1, "hi")
    talk = Talk(policy=RULES).receive(first).happens(5, TimerFired()).receive(said(2, "price?", 6))
    talk.happens(7, ImmediateReplyRequested(ANNA, 2, "rule 'prices'"))
    talk.happens(8, ReplyGenerated(ANNA, (1,), 1, HELLO))
    talk.happens(8, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    talk.happens(9, ReplySent(ANNA, 1, at(9)))
    assert talk.effects == asked(said(2, "price?", 6))


def test_a_rule_that_is_heard_too_late_changes_nothing() -> None:
    talk = Talk(policy=RULES).receive(said(1, "price?")).happens(5, TimerFired())
    assert talk.happens(6, ImmediateReplyRequested(ANNA, 1, "rule 'prices'")).effects == ()


def test_rules_are_not_looked_at_for_taps_or_where_there_are_none() -> None:
    assert not any(
        isinstance(each, CheckImmediateReply) for each in Talk().receive(said(1, "hi")).effects
    )
    talk = Talk(policy=RULES).receive(tap(1, 0))
    assert not any(isinstance(each, CheckImmediateReply) for each in talk.effects)


def test_a_tap_counts_for_the_window_of_a_day_only() -> None:
    late = replace(tap(1, 0), opened_at=at(0) - timedelta(hours=30))
    effects = Talk().receive(late).effects
    assert not any(isinstance(each, GenerateReply) for each in effects)
