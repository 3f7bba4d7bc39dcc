"""Since when a conversation needs a reply of the team, on both databases."""

from datetime import datetime
from typing import Any

import pytest

from moca.core.content.content import Content, Reaction
from moca.core.content.words import Words
from moca.core.conversation.consent import OPTED_OUT, Consent
from moca.core.messages.delivery import RecordFailed
from moca.core.messages.operator_actions import CancelReply, ChangeConversation, RetryReply
from moca.core.messages.replies import (
    ConcludeMessages,
    HandOverConversation,
    QueueReply,
    ReplyQueued,
)
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.reasons import Because, Reason, because_held
from moca.core.types import Author, ConversationStatus, Outcome
from moca.storage.db.tables import Conversation
from tests.storage.desk import Desk, echoed, webhook
from tests.support.factory import at
from tests.support.values import of_kind

HI = Content(text="hi")
CLOSED_NOW = Because(Reason.OUTSIDE_HOURS)
TAKEN_OVER = because_held("human")


def since(conversation_id: int = 1) -> datetime | None:
    since: datetime | None = Conversation.get_by_id(conversation_id).needs_reply_since
    return since


def ended(
    message_id: int,
    because: Because = CLOSED_NOW,
    seconds: float = 5,
    outcome: Outcome = Outcome.SUPPRESSED,
) -> ConcludeMessages:
    return ConcludeMessages((message_id,), outcome, because, at(seconds))


def changed(status: ConversationStatus, seconds: float = 20, by: str = "ada") -> ChangeConversation:
    return ChangeConversation(1, status, at(seconds), by=by)


def by_hand(desk: Desk, content: Content = HI, **more: Any) -> QueuedReply:
    """Queue a teammate's reply, and return it."""
    command = QueueReply(1, (), content, at(11), Author.OPERATOR, **more)
    return next(each.reply for each in desk.do(command) if isinstance(each, ReplyQueued))


@pytest.mark.parametrize("because", [CLOSED_NOW, TAKEN_OVER, Because(Reason.NO_REPLY_MADE)])
def test_what_the_bot_may_not_answer_waits_for_a_person(desk: Desk, because: Because) -> None:
    desk.do(ended(desk.receive("m1"), because))
    desk.do(ended(desk.receive("m2", seconds=6), because, 9))

    assert since() == at(5)


def test_a_message_that_nobody_has_to_answer_does_not_wait(desk: Desk) -> None:
    desk.do(ended(desk.receive("m1"), Because(Reason.NO_REPLY_WANTED)))

    assert since() is None


def test_a_failed_reply_of_the_bot_waits_until_it_is_retried(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.claim(reply)
    desk.do(RecordFailed(reply.item_id, "refused", at(7)))
    assert since() == at(7)

    desk.do(RetryReply(reply.item_id, at(9)))
    assert since() is None


def test_retrying_one_reply_leaves_a_message_that_came_later_to_the_team(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.claim(reply)
    desk.do(RecordFailed(reply.item_id, "refused", at(7)))
    desk.do(ended(desk.receive("m2", "and?", 8), CLOSED_NOW, 13))

    desk.do(RetryReply(reply.item_id, at(20)))

    assert since() == at(7)


def test_handing_over_waits_for_a_person_although_the_bot_announces_it(desk: Desk) -> None:
    last_words = (Content(text="A teammate will answer."),)
    queued, *_ = desk.do(
        HandOverConversation(1, (desk.receive("m1"),), "unsure", last_words, at(5))
    )
    desk.send(of_kind(queued, ReplyQueued).reply)

    assert since() == at(5)


def test_taking_over_waits_for_the_words_of_the_teammate(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(changed(ConversationStatus.HUMAN))
    assert since() == at(20)

    by_hand(desk)
    desk.do(changed(ConversationStatus.HUMAN, 30))
    assert since() is None


@pytest.mark.parametrize("hold", [True, False])
def test_a_teammates_reply_ends_it_at_once(desk: Desk, hold: bool) -> None:
    desk.do(ended(desk.receive("m1")))
    by_hand(desk, hold=hold)

    assert since() is None


def test_a_teammates_reaction_is_no_reply(desk: Desk) -> None:
    desk.do(ended(desk.receive("m1")))
    by_hand(desk, content=Content(reaction=Reaction(mid="m1", emoji="love")))

    assert since() == at(5)


def test_a_reopened_conversation_waits_although_a_teammate_reacted(desk: Desk) -> None:
    desk.do(ended(desk.receive("m1")))
    by_hand(desk, content=Content(reaction=Reaction(mid="m1", emoji="love")))
    desk.do(changed(ConversationStatus.CLOSED, 20), changed(ConversationStatus.OPEN, 30))

    assert since() == at(30)


def test_a_reply_in_the_instagram_app_ends_it(desk: Desk) -> None:
    desk.do(ended(desk.receive("m1")))
    desk.do(webhook(echoed("e1", "by hand"), seconds=9))

    assert since() is None


@pytest.mark.parametrize("status", [ConversationStatus.CLOSED, ConversationStatus.OPEN])
def test_closing_and_handing_back_end_it(desk: Desk, status: ConversationStatus) -> None:
    desk.do(ended(desk.receive("m1"), TAKEN_OVER))
    desk.do(changed(ConversationStatus.HUMAN, 10), changed(status))

    assert since() is None


def test_what_was_closed_by_mistake_waits_again_once_it_is_reopened(desk: Desk) -> None:
    desk.do(ended(desk.receive("m1")))
    desk.do(changed(ConversationStatus.CLOSED, 20), changed(ConversationStatus.OPEN, 30))

    assert since() == at(30)


def test_what_a_teammate_answered_before_closing_does_not_wait_once_it_is_reopened(
    desk: Desk,
) -> None:
    desk.do(ended(desk.receive("m1")))
    by_hand(desk)
    desk.do(changed(ConversationStatus.CLOSED, 20), changed(ConversationStatus.OPEN, 30))

    assert since() is None


def test_a_closed_conversation_never_needs_a_reply(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.claim(reply)
    desk.do(changed(ConversationStatus.CLOSED), RecordFailed(reply.item_id, "refused", at(22)))

    assert since() is None


def test_the_bots_answer_ends_it_only_for_what_came_after(desk: Desk) -> None:
    first, second = desk.receive("m1"), desk.receive("m2", "and?", 1)
    desk.do(ended(first, Because(Reason.NO_REPLY_MADE)))
    desk.send(desk.queue(second))
    assert since() == at(5)

    desk.send(desk.queue(desk.receive("m3", "hello?", 10), seconds=11), "r2", 13)
    assert since() is None


def test_the_answer_to_one_of_a_burst_leaves_the_other_that_failed_to_the_team(desk: Desk) -> None:
    desk.do(ended(desk.receive("m1"), Because(Reason.NO_REPLY_MADE)))
    second, third = desk.receive("m2", "and?", 10), desk.receive("m3", "hello?", 11)
    desk.do(ended(second, Because(Reason.NO_REPLY_MADE), 15))

    desk.send(desk.queue(third, seconds=16), seconds=18)

    assert since() == at(5)


def test_an_answer_to_an_earlier_message_does_not_end_it_although_the_clock_was_set_back(
    desk: Desk,
) -> None:
    reply = desk.queue(desk.receive("m1", seconds=60), seconds=61)
    desk.do(ended(desk.receive("m2", "and?", 30), Because(Reason.NO_REPLY_MADE), 31))

    desk.send(reply, seconds=62)

    assert since() == at(31)


def test_a_teammates_reply_that_does_not_go_out_waits_again(desk: Desk) -> None:
    desk.receive("m1")
    cancelled = by_hand(desk)
    desk.do(CancelReply(cancelled.item_id, at(12)))
    assert since() == at(12)

    failed = by_hand(desk)
    desk.claim(failed)
    desk.do(RecordFailed(failed.item_id, "refused", at(14)))
    assert since() == at(14)


def test_a_message_of_a_contact_who_opted_out_waits_but_not_the_opt_out_itself(desk: Desk) -> None:
    desk.heed(Consent(opt_out=Words.of(["STOP"]), opt_in=Words.of(["START"])))
    desk.do(ended(desk.receive("m1", "stop"), OPTED_OUT))
    assert since() is None

    desk.do(ended(desk.receive("m2", "where is my parcel?", 8), OPTED_OUT, 9))
    assert since() == at(9)


def test_a_repeated_report_changes_nothing(desk: Desk) -> None:
    message = desk.receive("m1")
    desk.do(ended(message))
    by_hand(desk)
    desk.do(ended(message, seconds=30))

    assert since() is None
