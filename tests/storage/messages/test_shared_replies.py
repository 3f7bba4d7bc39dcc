"""One reply answers the other messages of its burst that would get the same."""

from dataclasses import replace
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.messages.delivery import RecordFailed
from moca.core.messages.operator_actions import CancelReply, ChangeConversation
from moca.core.messages.replies import (
    QueueReply,
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
    ShareReply,
)
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Message, QueueItem
from tests.storage.desk import Desk, details, message, steps
from tests.support.factory import ANNA, at
from tests.support.values import id_of

SAME = Content(text="Thank you.")


def _share(first: int, second: int, seconds: float = 6, **changes: Any) -> ShareReply:
    queue = QueueReply(1, (second,), SAME, at(seconds), made_of=("photo",))
    return ShareReply(first, replace(queue, **changes))


@pytest.fixture
def burst(desk: Desk) -> tuple[int, int]:
    return desk.receive("m1", "hi"), desk.receive("m2", "photo", seconds=1)


def test_a_reply_on_its_way_answers_both_when_it_arrives(
    desk: Desk, burst: tuple[int, int]
) -> None:
    first, second = burst
    reply = desk.queue(first, text=SAME.text)
    assert desk.do(_share(first, second)) == (ReplyShared(ANNA, (second,)),)
    assert message(second) == ("received", True, None, "")

    desk.send(reply, "r1", 8)
    assert [message(each)[2:] for each in burst] == [("answered", "answered by r1")] * 2


def test_a_reply_that_arrived_already_answers_it_at_once(
    desk: Desk, burst: tuple[int, int]
) -> None:
    first, second = burst
    desk.send(desk.queue(first, text=SAME.text), "r1", 8)
    desk.do(_share(first, second, 9))
    assert message(second) == ("received", True, "answered", "answered by r1")


def test_its_journey_says_so(desk: Desk, burst: tuple[int, int]) -> None:
    first, second = burst
    desk.queue(first, text=SAME.text)
    desk.do(_share(first, second))
    reply_id = id_of(Message.get_by_id(second), "reply")
    assert steps(second)[-1] == "queue/shared"
    assert details(second)[-1] == f"reply moca-{reply_id} says the same"


def test_one_that_is_gone_is_queued_instead(desk: Desk, burst: tuple[int, int]) -> None:
    first, second = burst
    reply = desk.queue(first, text=SAME.text)
    desk.do(CancelReply(reply.item_id, at(6)))
    (queued,) = desk.do(_share(first, second, 7))
    assert isinstance(queued, ReplyQueued)
    assert queued.input_ids == (second,)


def test_one_that_failed_is_queued_instead(desk: Desk, burst: tuple[int, int]) -> None:
    first, second = burst
    reply = desk.queue(first, text=SAME.text)
    desk.claim(reply)
    desk.do(RecordFailed(reply.item_id, "no such user", at(7)))
    assert [type(each) for each in desk.do(_share(first, second, 8))] == [ReplyQueued]


def test_what_was_edited_meanwhile_is_made_anew(desk: Desk, burst: tuple[int, int]) -> None:
    first, second = burst
    desk.queue(first, text=SAME.text)
    (refused,) = desk.do(_share(first, second, made_of=("drawing",)))
    assert isinstance(refused, ReplyRefused)
    assert refused.is_outdated


def test_nothing_is_shared_twice_or_once_a_person_has_taken_over(
    desk: Desk, burst: tuple[int, int]
) -> None:
    first, second = burst
    reply = desk.queue(first, text=SAME.text)
    desk.do(_share(first, second))
    assert desk.do(_share(first, second)) == (ReplyQueued(ANNA, reply, (second,)),)
    assert QueueItem.select().count() == 1

    third = desk.receive("m3", "story", seconds=2)
    desk.do(ChangeConversation(1, ConversationStatus.HUMAN, at(6)))
    desk.do(_share(first, third, 7, input_ids=(third,)))
    assert message(third)[2] == "suppressed"
