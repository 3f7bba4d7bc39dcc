"""How a conversation handles a wall clock that was set back."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from moca.core.content.content import Content
from moca.core.conversation.business_hours import BusinessHours, OpeningSpan
from moca.core.conversation.decide import SweepFound, TimerFired, restore
from moca.core.conversation.duplicates import first_equal, remember
from moca.core.conversation.effects import ReloadConversation, WakeAt
from moca.core.conversation.snapshot import Snapshot
from moca.core.messages.delivery import ReplySent
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    GenerationStarted,
    QueueReply,
    ReplyGenerated,
    ReplyQueued,
)
from moca.core.policy import ConversationPolicy
from moca.core.types import ConversationStatus
from tests.core.conversation.script import FRESH, POLICY, Talk
from tests.support.factory import ANNA, at, reply_to, said

HOUR = 3600.0
WINDOW = timedelta(seconds=10)
NEVER_OPEN = BusinessHours(zone=ZoneInfo("UTC"), weekdays={})


@pytest.mark.parametrize(
    ("seconds", "repeats"), [(-HOUR, False), (-0.001, False), (0, True), (9.999, True), (10, False)]
)
def test_only_what_was_said_within_the_window_before_is_repeated(
    seconds: float, repeats: bool
) -> None:
    first, second = said(1, "hello"), said(2, "hello", seconds)
    assert (first_equal(second, (first,), WINDOW) == first) is repeats


@pytest.mark.parametrize(
    ("seconds", "remains"), [(-0.001, True), (0, True), (9.999, True), (10, False)]
)
def test_what_is_heard_late_forgets_only_what_its_window_is_past(
    seconds: float, remains: bool
) -> None:
    first, second = said(1, "hello"), said(2, "what does it cost", seconds)
    assert remember(second, (first,), WINDOW) == ((first, second) if remains else (second,))


def test_a_question_is_not_swallowed_after_the_clock_was_set_back() -> None:
    first, second = said(1, "hello"), said(2, "hello", 1200 - HOUR)
    talk = Talk().receive(first).happens(5 - HOUR, TimerFired()).happens(10 - HOUR, TimerFired())
    talk.happens(11 - HOUR, ReplyGenerated(ANNA, (1,), 1, Content(text="hi")))
    talk.happens(11 - HOUR, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    talk.happens(12 - HOUR, ReplySent(ANNA, 1, at(12 - HOUR))).receive(second)
    assert not any(isinstance(each, ConcludeMessages) for each in talk.effects)


def test_what_was_said_later_than_now_is_not_remembered_until_the_clock_is_there_again() -> None:
    talk = Talk().receive(said(1, "hello")).happens(-HOUR, SweepFound(1))
    assert talk.state.remembered == ()


def test_a_message_received_before_the_clock_was_set_back_waits_no_longer_than_its_debounce() -> (
    None
):
    late = said(1, "hello", HOUR)
    talk = Talk().happens(0, MessageArrived(ANNA, 1, late))
    assert talk.effects == (WakeAt(at(5)),)


def test_a_restored_conversation_waits_no_longer_than_its_spans() -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(1, "hello", HOUR),),
        cooldown_until=at(HOUR),
    )
    _, effects = restore(snapshot, at(0), POLICY)
    assert effects[-1] == WakeAt(at(30))


def test_a_reply_sent_before_the_clock_was_set_back_cools_no_longer_than_the_cooldown() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,))).receive(said(2, "and?", 7))
    talk.happens(8 - HOUR, ReplySent(ANNA, 1, at(7)))
    assert talk.effects == (WakeAt(at(38 - HOUR)),)


def test_a_generation_waits_no_longer_than_its_time_limit() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(5, GenerationStarted(ANNA, (1,), 1, at(5)))
    assert talk.effects == (WakeAt(at(35)),)

    talk.happens(6 - HOUR, SweepFound(1))
    assert talk.effects == (WakeAt(at(36 - HOUR)),)


def test_replies_of_the_future_count_for_an_hour_at_most() -> None:
    policy = ConversationPolicy(replies_per_hour=2)
    recent_replies = replace(FRESH, recent_replies=(at(HOUR), at(HOUR)))
    talk = Talk(recent_replies, policy).happens(0, TimerFired())
    assert talk.state.replies_left(policy, at(0)) == 0
    assert talk.state.replies_left(policy, at(HOUR)) == 2


def test_more_replies_than_are_allowed_leave_none() -> None:
    policy = ConversationPolicy(replies_per_hour=2)
    recent_replies = replace(FRESH, recent_replies=(at(0), at(1), at(2)))
    assert recent_replies.replies_left(policy, at(10)) == 0

    talk = Talk(recent_replies, policy).receive(
        *(said(number, f"text {number}", 3) for number in range(1, 5))
    )
    talk.happens(8, TimerFired())
    assert [each.message_ids for each in talk.effects if isinstance(each, ConcludeMessages)] == [
        (1, 2, 3, 4)
    ]
    assert not any(isinstance(each, GenerateReply) for each in talk.effects)


def test_a_lost_event_is_noticed_after_the_clock_was_set_back() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,))).receive(said(2, "hello?", 9))
    talk.happens(10 - HOUR, SweepFound(2)).happens(131 - HOUR, SweepFound(2))
    assert talk.effects == (ReloadConversation(),)


@pytest.mark.parametrize(
    ("told_at", "tells"),
    [
        (None, True),
        (at(-10 * HOUR), True),  # in an earlier closing
        (at(-2 * HOUR), False),
        (at(HOUR), False),  # in this closing, before the clock was set back
        (at(15 * HOUR), True),  # in one that is still to come
    ],
)
def test_an_away_text_counts_for_the_closing_it_was_sent_in(
    told_at: datetime | None, tells: bool
) -> None:
    """Noon lies in a closing that began four hours before and ends ten hours later."""
    policy = ConversationPolicy(hours=_open_around_noon(), away_text="Back soon.")
    state = replace(FRESH, away_text_at=told_at)
    talk = Talk(state, policy).receive(said(1, "open?")).happens(5, TimerFired())
    assert any(isinstance(each, QueueReply) for each in talk.effects) is tells


def test_a_shop_that_never_opens_tells_so_once() -> None:
    policy = ConversationPolicy(hours=NEVER_OPEN, away_text="Closed.")
    talk = Talk(FRESH, policy).receive(said(1, "open?")).happens(5, TimerFired())
    assert any(isinstance(each, QueueReply) for each in talk.effects)

    talk.receive(said(2, "and now?", 60)).happens(65, TimerFired())
    assert not any(isinstance(each, QueueReply) for each in talk.effects)


def _open_around_noon() -> BusinessHours:
    spans = (OpeningSpan(time(5), time(8)), OpeningSpan(time(22), time(23)))
    return BusinessHours(zone=ZoneInfo("UTC"), weekdays=dict.fromkeys(range(7), spans))
