"""What the team does with held replies, and what no other command does to them."""

from concurrent.futures import Future

import pytest

from moca.core.content.content import Content
from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.operator_actions import (
    ApproveReply,
    CancelReply,
    DiscardReply,
    EditReply,
    RetryReply,
)
from moca.core.messages.replies import ReplyQueued
from moca.storage.db.tables import Conversation, Message, QueueItem
from tests.storage.desk import Desk, details, item, message, steps
from tests.support.factory import ANNA, at
from tests.support.values import only

OVERTAKEN = "the contact wrote more; wait for the draft that answers all of it"


def statuses() -> list[str]:
    return [each.status for each in QueueItem.select().order_by(QueueItem.id)]


def test_an_approved_draft_is_queued_at_once(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    (queued,) = desk.do(ApproveReply(1, at(60)))
    assert isinstance(queued, ReplyQueued)
    assert (queued.reply.item_id, queued.reply.scheduled_for) == (1, at(60))
    assert queued.input_ids == (first,)
    assert (item(1), message(2)[0]) == (("pending", 0, ""), "queued")
    assert details(first)[-1] == "approved by a teammate"
    assert Conversation.get().needs_reply_since is None
    assert desk.send(queued.reply, seconds=62)
    assert message(first)[2] == "answered"


def test_the_team_stays_called_while_another_draft_waits(desk: Desk) -> None:
    first, second = desk.receive("m1", "price?"), desk.receive("m2", "sizes?", 1)
    desk.hold(first)
    desk.hold(second)
    desk.do(ApproveReply(1, at(60)))
    assert Conversation.get().needs_reply_since == at(5)
    desk.do(ApproveReply(2, at(61)))
    assert Conversation.get().needs_reply_since is None


def test_an_edited_draft_keeps_both_texts(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    queued = only(desk.do(ApproveReply(1, at(60), {1: "eleven"})), ReplyQueued)
    assert queued.reply.content == Content(text="eleven")
    reply = Message.get_by_id(2)
    assert (reply.text, reply.drafted_text) == ("eleven", "ten")
    assert steps(2) == ["queue/held", "queue/edited", "queue/queued"]


@pytest.mark.parametrize(
    ("texts", "because"),
    [
        ({1: "x" * 1001}, "text: must not be longer than 1000 bytes of UTF-8"),
        ({7: "x"}, "the text is of another reply"),
    ],
)
def test_a_draft_is_not_approved_with_a_text_that_cannot_be_sent(
    desk: Desk, texts: dict[int, str], because: str
) -> None:
    desk.hold(desk.receive("m1", "price?"))
    answers = desk.answers(ApproveReply(1, at(60), texts, receipt=Future()))
    assert answers == [Conflict(because)]
    assert item(1) == ("held", 0, "")


def test_an_approval_takes_every_part_along_and_a_discard_as_well(desk: Desk) -> None:
    text = ". ".join(letter * 900 for letter in "abc")
    desk.hold(desk.receive("m1", "price?"), text=text)
    desk.do(ApproveReply(2, at(60), {3: "the end"}))
    assert statuses() == ["pending"] * 3
    assert [each.text[:7] for each in Message.select().order_by(Message.id)][1:] == [
        "a" * 7,
        "b" * 7,
        "the end",
    ]
    desk.hold(desk.receive("m2", "more?", 90), text=text, seconds=95)
    desk.do(DiscardReply(5, at(100)))
    assert statuses()[3:] == ["cancelled"] * 3


def test_a_preface_is_a_part_of_the_reply(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"), preface=(Content(text="A bot."),))
    texts = [each.text for each in Message.select().order_by(Message.id)]
    assert (texts, statuses()) == (["price?", "A bot.", "ten"], ["held", "held"])
    assert Message.get_by_id(1).reply.id == 3


def test_a_discarded_draft_leaves_the_messages_to_the_team(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    because = "a teammate discarded the draft"
    assert desk.do(DiscardReply(1, at(60))) == (ReplyDropped(ANNA, 1, because),)
    assert item(1) == ("cancelled", 0, because)
    assert message(first) == ("received", True, "suppressed", because)
    assert Conversation.get().needs_reply_since == at(5)


def test_only_what_is_held_is_approved_or_discarded(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    for command in (ApproveReply, DiscardReply):
        answers = desk.answers(
            command(reply.item_id, at(60), receipt=Future()), command(9, at(60), receipt=Future())
        )
        assert answers == [Conflict("the reply is pending"), NotFound()]


@pytest.mark.parametrize(
    "command",
    [CancelReply(1, at(60)), EditReply(1, "eleven", at(60)), RetryReply(1, at(60))],
    ids=lambda command: type(command).__name__,
)
def test_no_other_command_moves_what_is_held(desk: Desk, command: AwaitedCommand) -> None:
    desk.hold(desk.receive("m1", "price?"))
    assert desk.do(command) == ()
    assert item(1) == ("held", 0, "")


def test_a_draft_is_not_approved_once_the_contact_has_written_more(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    desk.receive("m2", "and shoes?", 20)
    assert desk.answers(ApproveReply(1, at(60), receipt=Future())) == [Conflict(OVERTAKEN)]
    assert item(1) == ("held", 0, "")


def test_approvals_are_repeated_without_effect(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    twice = [ApproveReply(1, at(60), receipt=Future()) for _ in range(2)]
    assert desk.answers(*twice) == [Done(), Conflict("the reply is pending")]
