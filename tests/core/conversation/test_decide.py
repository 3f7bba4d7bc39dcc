from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.conversation.decide import Event, TimerFired, restore
from moca.core.conversation.effects import Effect, UnloadConversation, WakeAt
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent, ReplyUnknown
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    RecordSteps,
    ReplyGenerated,
    ReplyQueued,
)
from moca.core.policy import ConversationPolicy
from moca.core.reasons import because_held
from moca.core.types import ConversationStatus, Outcome
from tests.core.conversation.script import FRESH, POLICY, Talk
from tests.support.factory import ANNA, at, reply_to, said


def test_a_first_message_waits_for_the_debounce() -> None:
    assert Talk().receive(said(1, "hi")).effects == (WakeAt(at(5)),)


@pytest.mark.parametrize(
    ("seconds", "effects"),
    [
        (4.999, (WakeAt(at(5)),)),
        (5.0, (GenerateReply(ANNA, (said(1, "hi"),), 1),)),
        (9.0, (GenerateReply(ANNA, (said(1, "hi"),), 1),)),
    ],
)
def test_it_is_answered_when_the_debounce_has_passed(
    seconds: float, effects: tuple[Effect, ...]
) -> None:
    assert Talk().receive(said(1, "hi")).happens(seconds, TimerFired()).effects == effects


def test_later_messages_do_not_move_the_flush() -> None:
    assert Talk().receive(said(1, "hi"), said(2, "there", 4)).effects == (WakeAt(at(5)),)


@pytest.mark.parametrize(
    ("seconds", "is_duplicate"), [(0, True), (9.999, True), (10, False), (11, False)]
)
def test_the_same_text_within_the_window_is_a_duplicate_of_the_first(
    seconds: float, is_duplicate: bool
) -> None:
    talk = Talk().receive(said(1, "hi"), said(2, "hi", seconds))

    concluded = [each for each in talk.effects if isinstance(each, ConcludeMessages)]
    assert [(each.message_ids, each.outcome, each.duplicate_of) for each in concluded] == (
        [((2,), Outcome.DUPLICATE, 1)] if is_duplicate else []
    )


def test_duplicates_do_not_prolong_the_window() -> None:
    talk = Talk().receive(said(1, "hi"), said(2, "hi", 9), said(3, "hi", 11))
    assert not any(isinstance(each, ConcludeMessages) for each in talk.effects)


@pytest.mark.parametrize(
    "second",
    [
        said(2, "Hi", 1),
        said(2, "hi", 1, kind="postback"),
        said(2, "hi", 1, type="quick_reply"),
        said(2, "", 1, type="image"),
    ],
    ids=["other text", "postback", "quick reply", "picture"],
)
def test_what_is_not_the_same_typed_text_is_never_a_duplicate(second: Inbound) -> None:
    talk = Talk().receive(replace(second, id=1, received_at=at(0), text="hi"), second)
    assert not any(isinstance(each, ConcludeMessages) for each in talk.effects)


def test_the_same_text_after_an_answer_is_a_new_question() -> None:
    first = said(1, "yes")
    talk = Talk().receive(first).answers(first, 5).receive(said(2, "yes", 6))
    assert talk.effects == (WakeAt(at(35)),)


@pytest.mark.parametrize(("seconds", "flushes"), [(34.999, False), (35, True)])
def test_a_second_message_waits_for_the_cooldown(seconds: float, flushes: bool) -> None:
    first, second = said(1, "hi"), said(2, "and?", 6)
    talk = Talk().receive(first).answers(first, 5).receive(second)
    assert talk.effects == (WakeAt(at(35)),)

    talk.happens(seconds, TimerFired())
    assert talk.effects == ((GenerateReply(ANNA, (second,), 1),) if flushes else (WakeAt(at(35)),))


def test_the_cooldown_counts_from_when_the_reply_was_sent() -> None:
    first = said(1, "hi")
    talk = Talk().receive(first).happens(5, TimerFired())
    talk.happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    talk.receive(said(2, "and?", 7)).happens(50, ReplySent(ANNA, 1, at(49)))
    assert talk.effects == (WakeAt(at(79)),)


def test_while_a_reply_is_under_way_everything_is_gathered() -> None:
    first = said(1, "hi")
    talk = Talk().receive(first).happens(5, TimerFired())
    talk.happens(6, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(6, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    assert talk.receive(said(2, "and?", 100)).effects == ()


@pytest.mark.parametrize(
    "end",
    [ReplyFailed(ANNA, 1, "no such user"), ReplyDropped(ANNA, 1, "the operator cancelled it")],
)
def test_a_reply_that_ends_otherwise_lets_the_gathered_be_answered(end: Event) -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(5, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(5, ReplyQueued(ANNA, reply_to(item_id=1), (1,))).receive(said(2, "and?", 6))
    assert talk.happens(40, end).effects == (GenerateReply(ANNA, (said(2, "and?", 6),), 1),)


def test_a_reply_of_unknown_fate_starts_the_cooldown_as_if_sent() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(5, ReplyGenerated(ANNA, (1,), 1, Content(text="hello")))
    talk.happens(5, ReplyQueued(ANNA, reply_to(item_id=1), (1,))).receive(said(2, "and?", 6))
    assert talk.happens(20, ReplyUnknown(ANNA, 1, at(20))).effects == (WakeAt(at(50)),)


@pytest.mark.parametrize(
    ("status", "held_until", "is_answered"),
    [
        (ConversationStatus.PAUSED, None, False),
        (ConversationStatus.PAUSED, 5.001, False),
        (ConversationStatus.PAUSED, 5.0, True),
        (ConversationStatus.HUMAN, 720, False),
        (ConversationStatus.CLOSED, None, False),
        (ConversationStatus.OPEN, None, True),
    ],
)
def test_only_an_open_conversation_is_answered(
    status: ConversationStatus, held_until: float | None, is_answered: bool
) -> None:
    held = replace(FRESH, status=status, held_until=None if held_until is None else at(held_until))
    talk = Talk(held).receive(said(1, "hi")).happens(5, TimerFired())

    if is_answered:
        assert talk.effects == (GenerateReply(ANNA, (said(1, "hi"),), 1),)
    else:
        because = because_held(status)
        assert talk.effects[0] == ConcludeMessages((1,), Outcome.SUPPRESSED, because, at(5))


def test_a_pause_drops_what_was_being_answered() -> None:
    talk = Talk().receive(said(1, "hi")).happens(5, TimerFired())
    talk.happens(6, ConversationChanged(ANNA, 1, ConversationStatus.PAUSED, None))
    assert talk.happens(7, ReplyGenerated(ANNA, (1,), 1, Content(text="hello"))).effects == (
        WakeAt(at(67)),
    )


def test_a_message_in_a_new_conversation_begins_afresh() -> None:
    closed = replace(FRESH, status=ConversationStatus.CLOSED, cooldown_until=at(100))
    talk = Talk(closed).happens(1, MessageArrived(ANNA, 2, said(7, "hello again", 1)))
    assert (talk.state.conversation_id, talk.effects) == (2, (WakeAt(at(6)),))


def test_what_the_database_remembers_goes_through_the_same_gates() -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(1, "hi"), said(2, "hi", 3), said(3, "price?", 4)),
    )
    _, effects = restore(snapshot, at(60), POLICY)

    assert [each for each in effects if not isinstance(each, RecordSteps)] == [
        ConcludeMessages((2,), Outcome.DUPLICATE, "same text 3 s earlier, within 10 s", at(60), 1),
        GenerateReply(ANNA, (said(1, "hi"),), 1),
        GenerateReply(ANNA, (said(3, "price?", 4),), 1),
    ]


def test_a_repeat_is_known_after_a_restart_whatever_was_said_between() -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(1, "hi"), said(2, "price?", 1), said(3, "hi", 2)),
    )
    _, effects = restore(snapshot, at(60), POLICY)
    repeat = ConcludeMessages(
        (3,), Outcome.DUPLICATE, "same text 2 s earlier, within 10 s", at(60), 1
    )
    assert repeat in effects


def test_after_a_restart_the_cooldown_still_holds() -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(2, "and?", 10),),
        cooldown_until=at(35),
    )
    _, effects = restore(snapshot, at(20), POLICY)
    assert effects[-1] == WakeAt(at(35))


def test_it_is_let_go_when_forgetting_it_changes_nothing() -> None:
    first = said(1, "hi")
    talk = Talk().receive(first).answers(first, 5)
    assert talk.effects == (WakeAt(at(65)),)
    assert talk.happens(65, TimerFired()).effects == (UnloadConversation(),)


def test_it_is_kept_while_a_cooldown_outlasts_the_idle_time() -> None:
    first = said(1, "hi")
    policy = ConversationPolicy(idle=timedelta(0))
    talk = Talk(policy=policy).receive(first).answers(first, 5)
    assert talk.effects == (WakeAt(at(35)),)


def test_a_clock_set_back_never_lengthens_a_wait() -> None:
    first = said(1, "hi")
    talk = Talk().receive(first).answers(first, 5).receive(said(2, "and?", 6))
    hour_ago = -3600
    assert talk.happens(hour_ago, TimerFired()).effects == (WakeAt(at(hour_ago + 30)),)
    assert talk.happens(hour_ago + 30, TimerFired()).effects == (
        GenerateReply(ANNA, (said(2, "and?", 6),), 1),
    )
