import pytest

from moca.core.content.content import Content
from moca.core.messages.delivery import (
    ClaimReply,
    PendingFound,
    RecordFailed,
    RecordRetry,
    RecordUnknown,
    ReplyClaimed,
    ReplyDropped,
)
from moca.core.messages.operator_actions import RetryReply
from moca.core.messages.replies import QueueReply, ReplyQueued, ReplyRefused
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import Author
from tests.storage.desk import Desk, id_by_mid, item, message, webhook, wrote
from tests.support.factory import ANNA, at
from tests.support.values import of_kind, only

DAY = 24 * 3600
PRIVATELY = ReplyAddress(comment_id="c1")


def commented(desk: Desk, mid: str = "c1", text: str = "nice") -> int:
    desk.do(webhook(wrote(mid, text, kind="comment", sent_at=at(0))))
    return id_by_mid(mid)


@pytest.fixture
def comment(desk: Desk) -> int:
    return commented(desk)


def test_a_comment_is_answered_in_private(desk: Desk, comment: int) -> None:
    reply = desk.queue(comment)

    assert reply.way == PRIVATELY
    assert desk.claim(reply).way == PRIVATELY


@pytest.mark.parametrize(
    ("seconds", "goes"), [(DAY + 1, True), (7 * DAY, True), (7 * DAY + 1, False)]
)
def test_that_is_allowed_for_a_week_also_to_the_bot(
    desk: Desk, comment: int, seconds: int, goes: bool
) -> None:
    reply = desk.queue(comment)

    (event,) = desk.do(ClaimReply(reply, at(seconds)))[:1]

    assert isinstance(event, ReplyClaimed if goes else ReplyDropped)
    if not goes:
        assert message(comment) == (
            "received",
            True,
            "suppressed",
            "the 7-day reply window has closed",
        )


def by_hand(desk: Desk, seconds: float = 5, text: str = "come by") -> object:
    content = Content(text=text)
    command = QueueReply(1, (), content, at(seconds), Author.OPERATOR, comment_id="c1")
    (event,) = desk.do(command)
    return event


@pytest.mark.parametrize(
    ("seconds", "goes"), [(DAY + 1, True), (7 * DAY, True), (7 * DAY + 1, False)]
)
def test_a_person_may_answer_a_comment_in_private_for_a_week(
    desk: Desk, comment: int, seconds: int, goes: bool
) -> None:
    reply = of_kind(by_hand(desk), ReplyQueued).reply
    assert reply.way == PRIVATELY
    (event,) = desk.do(ClaimReply(reply, at(seconds)))[:1]
    assert isinstance(event, ReplyClaimed if goes else ReplyDropped)


def test_a_person_may_do_so_once_and_in_one_message(desk: Desk, comment: int) -> None:
    assert isinstance(by_hand(desk, text="x " * 600), ReplyRefused)
    assert isinstance(by_hand(desk), ReplyQueued)
    refused = by_hand(desk, seconds=9)
    assert refused == ReplyRefused(ANNA, (), "the comment already has a private reply")


def test_a_comment_told_twice_is_answered_once(desk: Desk, comment: int) -> None:
    reply = desk.queue(comment)

    assert commented(desk) == comment
    again = desk.do(QueueReply(1, (comment,), Content(text="again"), at(9)))
    assert again == (ReplyQueued(ANNA, reply, (comment,)),)


def test_a_comment_that_also_came_as_another_kind_is_answered_once(
    desk: Desk, comment: int
) -> None:
    desk.queue(comment)
    desk.do(webhook(wrote("c1", "nice", kind="live_comment")))
    from moca.storage.db.tables import Message

    twin = Message.get(Message.kind == "live_comment").id
    desk.do(QueueReply(1, (twin,), Content(text="again"), at(9)))

    because = "the comment already has a private reply"
    assert message(twin) == ("received", True, "suppressed", because)


def test_two_comments_and_a_message_get_a_reply_each(desk: Desk, comment: int) -> None:
    second, third = commented(desk, "c2"), desk.receive("m1", "hello")

    told = desk.do(
        *(QueueReply(1, (each,), Content(text="hi"), at(9)) for each in (comment, second, third))
    )

    ways = [event.reply.way for event in told if isinstance(event, ReplyQueued)]
    assert ways == [ReplyAddress(comment_id="c1"), ReplyAddress(comment_id="c2"), ReplyAddress()]


def test_a_private_reply_is_one_message(desk: Desk, comment: int) -> None:
    (refused,) = desk.do(QueueReply(1, (comment,), Content(text="a" * 1001), at(9)))

    because = "a private reply is one message of at most 1000 bytes"
    assert refused == ReplyRefused(ANNA, (comment,), because)
    assert message(comment) == ("received", True, "failed", because)


def test_it_keeps_its_comment_through_doubt_and_retry(desk: Desk, comment: int) -> None:
    reply = desk.claim(desk.queue(comment))
    desk.do(RecordUnknown(reply.item_id, "no answer", at(7)))

    queued = only(
        desk.do(RecordRetry(reply.item_id, "it is not there", at(30), at(31))), ReplyQueued
    )

    assert queued.reply.way == PRIVATELY


def test_one_that_failed_may_be_tried_again_by_hand(desk: Desk, comment: int) -> None:
    reply = desk.claim(desk.queue(comment))
    desk.do(RecordFailed(reply.item_id, "refused", at(7)))

    queued = only(desk.do(RetryReply(reply.item_id, at(30))), ReplyQueued)

    assert (queued.reply.way, item(reply.item_id)[0]) == (PRIVATELY, "pending")


def test_the_private_replies_of_the_last_hour_are_told_with_their_kind(
    desk: Desk, comment: int
) -> None:
    from moca.core.messages.delivery import FindPending, RecentSend
    from moca.core.outbox.queued_reply import ReplyKind

    desk.send(desk.queue(comment), "r1", 10)
    desk.send(desk.queue(desk.receive("m1", "hello"), seconds=20), "r2", 30)

    found = only(desk.do(FindPending(9, at(600), at(660))), PendingFound)

    assert found.recent == (RecentSend(ANNA, at(9), at(10), ReplyKind.PRIVATE_REPLY),)
    assert (
        of_kind(
            desk.do(FindPending(9, at(600), at(660), with_recent=False))[0], PendingFound
        ).recent
        is None
    )
