"""Drafts of programs and teammates: what approves them, what ends them, what they change."""

from concurrent.futures import Future

import pytest

from moca.core.content.content import Content
from moca.core.messages.command import AwaitedCommand, Conflict, Done
from moca.core.messages.delivery import FindPending, ReplyDropped
from moca.core.messages.operator_actions import (
    ApproveReply,
    ChangeConversation,
    ConversationChanged,
    DiscardReply,
)
from moca.core.messages.replies import QueueReply, RecallHeldReplies, ReplyQueued, ReplyRefused
from moca.core.reports import Measure
from moca.core.types import Author, ConversationStatus
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.metric_tables import ReportHour
from moca.storage.db.tables import Conversation, Message, QueueItem
from tests.storage.desk import (
    DRAFT,
    Desk,
    conversation,
    details,
    echoed,
    item,
    message,
    steps,
    webhook,
)
from tests.support.factory import ANNA, at

BY = "API key assistant"
DAY = 24 * 3600


def draft(desk: Desk, text: str = "At nine.", seconds: float = 5) -> tuple[object, ...]:
    """Draft a reply as a program does; return the events."""
    return desk.do(
        QueueReply(
            1, (), Content(text=text), at(seconds), Author.OPERATOR, author_name=BY, mode=DRAFT
        )
    )


def measured(measure: Measure) -> dict[str, int]:
    rows = ReportHour.select().where(ReportHour.measure == measure)
    return {row.subject: row.count for row in rows}


def left_to_the_team(desk: Desk) -> int:
    """Store a message that waits for the team; return its id."""
    first = desk.receive("m1", "price?")
    desk.do(ChangeConversation(1, ConversationStatus.HUMAN, at(1), by="Ada"))
    return first


def test_a_draft_waits_for_the_team_and_leaves_the_bot_as_it_is(desk: Desk) -> None:
    desk.receive("m1", "price?")
    assert draft(desk) == ()
    assert item(1) == ("held", 0, "")
    row = Message.get_by_id(2)
    assert (row.status, row.author, row.author_name) == ("held", "operator", BY)
    assert details(2) == [f"drafted by {BY}, item 1, priority normal"]
    told = Conversation.get()
    assert (told.status, told.needs_reply_since, told.cooldown_until) == ("open", at(5), None)
    assert StoredFeedEvent.select().order_by(StoredFeedEvent.id.desc()).get().kind == "message.held"
    assert measured(Measure.REPLIED) == {}


def test_a_draft_can_be_made_where_a_teammate_has_taken_over(desk: Desk) -> None:
    left_to_the_team(desk)
    draft(desk)
    assert (item(1)[0], conversation()) == ("held", ("human", None))


def test_an_approved_draft_goes_as_a_teammates_reply_and_takes_over(desk: Desk) -> None:
    desk.receive("m1", "price?")
    draft(desk)
    queued, changed = desk.do(ApproveReply(1, at(60)))
    assert isinstance(queued, ReplyQueued)
    assert (queued.reply.author, queued.reply.scheduled_for) == (Author.OPERATOR, at(60))
    assert isinstance(changed, ConversationChanged)
    assert changed.status is ConversationStatus.HUMAN
    assert conversation()[0] == "human"
    assert message(1)[2:] == ("suppressed", "a teammate replied")
    assert Conversation.get().needs_reply_since is None
    assert measured(Measure.REPLIED) == measured(Measure.FIRST_REPLY) == {BY: 1}
    assert steps(2) == ["queue/held", "queue/queued"]


def test_a_draft_is_approved_whatever_the_contact_wrote_since(desk: Desk) -> None:
    left_to_the_team(desk)
    draft(desk)
    desk.receive("m2", "hello?", 20)
    assert desk.answers(ApproveReply(1, at(60), receipt=Future())) == [Done()]
    assert item(1)[0] == "pending"


def test_a_discarded_draft_leaves_the_conversation_to_the_team(desk: Desk) -> None:
    left_to_the_team(desk)
    draft(desk)
    because = "a teammate discarded the draft"
    assert desk.do(DiscardReply(1, at(60))) == (ReplyDropped(ANNA, 1, because),)
    assert item(1) == ("cancelled", 0, because)
    assert Conversation.get().needs_reply_since == at(1)


def test_a_discarded_draft_ends_the_call_where_nothing_waits(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("m1")))
    draft(desk, seconds=9)
    assert Conversation.get().needs_reply_since == at(9)
    desk.do(DiscardReply(2, at(60)))
    assert Conversation.get().needs_reply_since is None


@pytest.mark.parametrize(
    ("command", "because"),
    [
        (
            QueueReply(1, (), Content(text="Ten."), at(60), Author.OPERATOR, hold=True),
            "a teammate replied",
        ),
        (webhook(echoed("e1", "Ten."), seconds=60), "a teammate replied in the Instagram app"),
        (ChangeConversation(1, ConversationStatus.CLOSED, at(60)), "the conversation is closed"),
    ],
    ids=["reply", "reply in the app", "close"],
)
def test_what_a_teammate_does_instead_ends_a_draft(
    desk: Desk, command: AwaitedCommand, because: str
) -> None:
    left_to_the_team(desk)
    draft(desk)
    desk.do(command)
    assert item(1) == ("cancelled", 0, because)
    assert Conversation.get().needs_reply_since is None


def test_a_pause_ends_no_draft_nor_does_a_newer_one_of_the_bot(desk: Desk) -> None:
    desk.receive("m1", "price?")
    draft(desk)
    (told,) = desk.do(RecallHeldReplies(ANNA, 1, at(9)))
    assert isinstance(told, ReplyRefused)
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(10)))
    assert item(1)[0] == "held"


def test_of_two_drafts_the_one_that_is_approved_first_goes(desk: Desk) -> None:
    left_to_the_team(desk)
    draft(desk)
    draft(desk, "At ten.", 6)
    commands = [ApproveReply(number, at(60), receipt=Future()) for number in (1, 2)]
    assert desk.answers(*commands) == [Done(), Conflict("the reply is cancelled")]
    assert [each.status for each in QueueItem.select()] == ["pending", "cancelled"]


def test_a_draft_waits_as_long_as_a_teammate_may_reply(desk: Desk) -> None:
    left_to_the_team(desk)
    draft(desk)
    desk.do(FindPending(10, at(2 * DAY), at(2 * DAY)))
    assert item(1)[0] == "held"
    desk.do(FindPending(10, at(7 * DAY + 60), at(7 * DAY + 60)))
    assert item(1) == ("cancelled", 0, "the 7-day reply window has closed")
    assert Conversation.get().needs_reply_since == at(1)


def test_nothing_is_drafted_in_a_closed_conversation(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(1)))
    command = QueueReply(
        1, (), Content(text="x"), at(5), Author.OPERATOR, mode=DRAFT, receipt=Future()
    )
    assert desk.answers(command) == [Conflict("the conversation is closed")]
