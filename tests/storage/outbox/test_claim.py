from dataclasses import replace

import pytest

from moca.core.content.content import Reaction
from moca.core.messages.delivery import ClaimReply, ReplyClaimed, ReplyDropped
from moca.core.messages.operator_actions import CancelReply, ChangeConversation
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import Author, ConversationStatus
from moca.storage.db.tables import Conversation, QueueItem
from tests.storage.desk import Desk, item, message, steps
from tests.support.factory import ANNA, at

DAY = 24 * 3600


def test_a_claimed_reply_is_sending_on_disk(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))

    assert desk.do(ClaimReply(reply, at(6))) == (ReplyClaimed(replace(reply, attempts=1), at(6)),)
    assert item(reply.item_id) == ("sending", 1, "")
    assert QueueItem.get().sending_at == at(6)
    assert message(reply.message_id)[0] == "sending"
    assert steps(reply.message_id)[-1] == "sending/claimed"


def test_a_reply_is_claimed_once(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))

    claimed, dropped = desk.do(ClaimReply(reply, at(6)), ClaimReply(reply, at(7)))

    assert isinstance(claimed, ReplyClaimed)
    assert dropped == ReplyDropped(ANNA, reply.item_id, "the reply is already sending")
    assert item(reply.item_id)[1] == 1


def test_a_claim_whose_answer_was_lost_is_answered_again_and_counted_once(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))

    first = desk.do(ClaimReply(reply, at(6)))
    assert desk.do(ClaimReply(reply, at(6))) == first
    assert item(reply.item_id)[:2] == ("sending", 1)


def test_a_reply_that_is_gone_or_cancelled_is_dropped(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.do(CancelReply(reply.item_id, at(5)))

    assert desk.do(ClaimReply(reply, at(6)), ClaimReply(replace(reply, item_id=9), at(6))) == (
        ReplyDropped(ANNA, reply.item_id, "the reply is already cancelled"),
        ReplyDropped(ANNA, 9, "the reply no longer exists"),
    )


def test_a_close_between_queueing_and_claiming_keeps_the_reply_back(desk: Desk) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(5)))

    assert desk.do(ClaimReply(reply, at(6))) == (
        ReplyDropped(ANNA, reply.item_id, "the reply is already cancelled"),
    )
    assert message(first) == ("received", True, "suppressed", "the conversation was closed")


@pytest.mark.parametrize(
    ("status", "because"),
    [
        (ConversationStatus.CLOSED, "the conversation is closed"),
        (ConversationStatus.PAUSED, "the bot is paused"),
        (ConversationStatus.HUMAN, "a teammate has taken over"),
    ],
)
def test_the_state_is_looked_at_again_when_claiming(
    desk: Desk, status: ConversationStatus, because: str
) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    Conversation.update(status=status.value).execute()

    assert desk.do(ClaimReply(reply, at(6))) == (ReplyDropped(ANNA, reply.item_id, because),)
    assert item(reply.item_id) == ("cancelled", 0, because)
    assert message(reply.message_id) == ("cancelled", False, None, because)
    assert message(first) == ("received", True, "suppressed", because)
    assert steps(first)[-1] == "outcome/suppressed"


def test_a_hold_that_ran_out_lets_a_reply_go(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    Conversation.update(status="human", held_until=at(6)).execute()

    desk.claim(reply, 6)


@pytest.mark.parametrize("status", ["paused", "human"])
def test_an_operators_reply_goes_where_the_bots_may_not(desk: Desk, status: str) -> None:
    desk.receive("m1")
    reply = desk.queue(author=Author.OPERATOR)
    Conversation.update(status=status).execute()

    desk.claim(reply)


def test_the_window_is_open_to_its_last_instant(desk: Desk) -> None:
    desk.claim(desk.queue(desk.receive("m1")), DAY)


@pytest.mark.parametrize(
    ("author", "seconds", "status", "outcome", "because"),
    [
        (Author.BOT, DAY + 0.001, "cancelled", "suppressed", "the 24-hour reply window has closed"),
        (Author.OPERATOR, 7 * DAY + 0.001, "failed", "failed", "the 7-day reply window has closed"),
    ],
)
def test_nothing_goes_with_the_window_shut(
    desk: Desk, author: Author, seconds: float, status: str, outcome: str, because: str
) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first, author=author)

    assert desk.do(ClaimReply(reply, at(seconds))) == (ReplyDropped(ANNA, reply.item_id, because),)
    assert item(reply.item_id) == (status, 0, because)
    assert message(reply.message_id)[0] == status
    assert message(first) == ("received", True, outcome, because)


@pytest.mark.parametrize(
    ("seconds", "is_late"), [(DAY, False), (DAY + 0.001, True), (7 * DAY, True)]
)
def test_a_person_may_write_for_a_week_after_a_day_as_a_human_agent(
    desk: Desk, seconds: float, is_late: bool
) -> None:
    desk.receive("m1")
    reply = desk.queue(author=Author.OPERATOR)

    assert desk.claim(reply, seconds).way == ReplyAddress(is_late=is_late)


def test_a_sign_on_a_message_goes_for_a_day_only(desk: Desk) -> None:
    desk.receive("m1")
    reply = desk.queue(author=Author.OPERATOR, reaction=Reaction(mid="m1", emoji="love"))

    assert desk.do(ClaimReply(reply, at(DAY + 1))) == (
        ReplyDropped(ANNA, reply.item_id, "the 24-hour reply window has closed"),
    )


def test_the_window_of_the_old_sample_runs_from_its_receipt(desk: Desk) -> None:
    from datetime import UTC, datetime

    reply = desk.queue(desk.receive("m1", sent_at=datetime.fromtimestamp(1527459824, UTC)))

    desk.claim(reply)
