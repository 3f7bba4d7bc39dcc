from concurrent.futures import Future

import pytest

from moca.core.content.content import Content
from moca.core.messages.command import Conflict, Done
from moca.core.messages.delivery import (
    ClaimReply,
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyClaimed,
    ReplyDropped,
    ReplySent,
)
from moca.core.messages.operator_actions import CancelReply, RetryReply, SettleReply
from moca.core.messages.replies import QueueReply, ReplyQueued
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import Author
from moca.storage.db.tables import Message
from moca.storage.queries.journeys import read_journey
from tests.storage.desk import Desk, item, message, steps
from tests.support.factory import ANNA, at
from tests.support.values import id_of, of_kind, present

SENTENCES = [letter * 600 + "." for letter in "abc"]
LONG = Content(text=" ".join(SENTENCES))


@pytest.fixture
def question(desk: Desk) -> int:
    return desk.receive("m1")


@pytest.fixture
def parts(desk: Desk, question: int) -> list[QueuedReply]:
    """The parts of a reply that is too long for one message."""
    events = desk.do(QueueReply(1, (question,), LONG, at(5)))
    return [event.reply for event in events if isinstance(event, ReplyQueued)]


def statuses(parts: list[QueuedReply]) -> list[str]:
    return [item(part.item_id)[0] for part in parts]


def test_a_long_reply_is_queued_in_ordered_parts(
    desk: Desk, parts: list[QueuedReply], question: int
) -> None:
    assert [part.content.text for part in parts] == SENTENCES
    assert [part.item_id for part in parts] == [1, 2, 3]
    assert steps(question)[-1] == "queue/queued"
    assert {
        id_of(row, "part_of") for row in Message.select().where(Message.role == "assistant")
    } == {parts[0].message_id}


def test_it_answers_once_its_last_part_was_sent(
    desk: Desk, parts: list[QueuedReply], question: int
) -> None:
    for number, part in enumerate(parts):
        assert message(question)[2] is None
        desk.send(part, f"r{number}", 10 + 10 * number)

    assert message(question) == ("received", True, "answered", "answered by r2")
    assert [step.mid for step in present(read_journey("m1")).steps if step.outcome == "sent"] == [
        "r0",
        "r1",
        "r2",
    ]


def test_a_part_that_fails_ends_those_after_it(
    desk: Desk, parts: list[QueuedReply], question: int
) -> None:
    desk.send(parts[0], "r0")
    desk.claim(parts[1], 20)

    desk.do(RecordFailed(2, "the person is gone", at(21)))

    because = "an earlier part failed: the person is gone"
    assert statuses(parts) == ["sent", "failed", "cancelled"]
    assert item(3)[2] == because
    assert message(question) == ("received", True, "failed", because)


def test_a_part_in_backoff_is_not_overtaken(desk: Desk, parts: list[QueuedReply]) -> None:
    desk.claim(parts[0])
    desk.do(RecordRetry(1, "no connection", at(7), at(300)))

    assert desk.do(ClaimReply(parts[1], at(8))) == (
        ReplyDropped(ANNA, 2, "an earlier part of the reply has not been sent"),
    )
    assert statuses(parts) == ["pending"] * 3


def test_no_part_goes_after_one_that_may_not_have_arrived(
    desk: Desk, parts: list[QueuedReply], question: int
) -> None:
    desk.claim(parts[0])
    desk.do(RecordUnknown(1, "no answer", at(8)))

    because = "an earlier part of the reply is unconfirmed"
    assert desk.do(ClaimReply(parts[1], at(60))) == (
        ReplyDropped(ANNA, 2, because),
        ReplyDropped(ANNA, 3, because),
    )
    assert message(question) == ("received", True, "failed", because)


def test_what_shuts_out_one_part_shuts_out_the_rest(
    desk: Desk, parts: list[QueuedReply], question: int
) -> None:
    desk.send(parts[0], "r0")

    desk.do(ClaimReply(parts[1], at(24 * 3600 + 1)))

    assert statuses(parts) == ["sent", "cancelled", "cancelled"]
    assert message(question)[2:] == ("suppressed", "the 24-hour reply window has closed")


def test_cancelling_a_part_cancels_what_is_still_to_come(
    desk: Desk, parts: list[QueuedReply]
) -> None:
    desk.send(parts[0], "r0")

    assert desk.answers(CancelReply(3, at(10), receipt=Future())) == [Done()]
    assert statuses(parts) == ["sent", "cancelled", "cancelled"]


def test_a_part_tried_again_takes_those_after_it_along(
    desk: Desk, parts: list[QueuedReply], question: int
) -> None:
    desk.send(parts[0], "r0")
    desk.claim(parts[1], 20)
    desk.do(RecordFailed(2, "the person is gone", at(21)))

    queued = desk.do(RetryReply(2, at(60)))

    assert [of_kind(event, ReplyQueued).reply.item_id for event in queued] == [2, 3]
    assert statuses(parts) == ["sent", "pending", "pending"]
    assert message(question)[2] is None


def test_a_part_is_not_tried_again_before_an_earlier_one(
    desk: Desk, parts: list[QueuedReply]
) -> None:
    desk.claim(parts[0])
    desk.do(RecordFailed(1, "the person is gone", at(21)))

    assert desk.answers(RetryReply(3, at(60), receipt=Future())) == [
        Conflict("an earlier part of the reply was not sent")
    ]


def test_a_part_said_not_to_have_arrived_goes_again_with_the_rest(
    desk: Desk, parts: list[QueuedReply]
) -> None:
    desk.claim(parts[0])
    desk.do(RecordUnknown(1, "no answer", at(8)))
    desk.do(ClaimReply(parts[1], at(60)))

    desk.do(SettleReply(1, delivered=False, at=at(90)))

    assert statuses(parts) == ["pending"] * 3


def test_the_cooldown_runs_from_the_last_part(desk: Desk, parts: list[QueuedReply]) -> None:
    from moca.storage.db.tables import Conversation

    for number, part in enumerate(parts):
        desk.send(part, f"r{number}", 10 + 10 * number)

    assert Conversation.get().cooldown_until == at(30 + 30)


@pytest.mark.parametrize("author", [Author.BOT, Author.OPERATOR])
def test_the_receipt_names_the_first_part(desk: Desk, question: int, author: Author) -> None:
    command = QueueReply(1, (), LONG, at(5), author, receipt=Future())

    assert desk.answers(command) == [Done(question + 1)]


def test_a_claimed_part_is_sent_as_it_is(desk: Desk, parts: list[QueuedReply]) -> None:
    (claimed,) = desk.do(ClaimReply(parts[0], at(6)))

    assert isinstance(claimed, ReplyClaimed)
    assert claimed.reply.content == Content(text=SENTENCES[0])
    assert of_kind(desk.do(RecordSent(1, "r0", at(7), "the answer"))[0], ReplySent).item_id == 1
