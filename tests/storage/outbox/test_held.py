"""Held replies: what releases them, what ends them, and that nothing else does."""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.content.words import Words
from moca.core.conversation.consent import Consent
from moca.core.messages.command import Conflict
from moca.core.messages.delivery import FindPending, PendingFound, ReplyDropped
from moca.core.messages.housekeeping import HoldRestored
from moca.core.messages.inbound import MessageErased
from moca.core.messages.operator_actions import (
    ChangeConversation,
    RetryReply,
)
from moca.core.messages.replies import (
    QueueReply,
    RecallHeldReplies,
    ReplyHeld,
    ReplyQueued,
    ReplyRefused,
)
from moca.core.reports import Measure
from moca.core.topics import Mode, TopicMode
from moca.core.types import Author, ConversationStatus
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.metric_tables import ReportHour
from moca.storage.db.tables import Conversation, Message, QueueItem
from tests.storage.desk import Desk, details, item, message, steps, webhook, wrote
from tests.support.events import edited, unsent
from tests.support.factory import ANNA, at
from tests.support.values import of_kind, only

DELAY = TopicMode(Mode.DELAY, timedelta(minutes=10))
DAY = 24 * 3600
SUPERSEDED = "the contact wrote more before the reply was sent"


def sweep(seconds: float) -> FindPending:
    return FindPending(10, at(seconds), at(seconds))


def statuses() -> list[str]:
    return [each.status for each in QueueItem.select().order_by(QueueItem.id)]


def test_a_draft_is_stored_as_held_and_calls_the_team(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    assert desk.hold(first) == (ReplyHeld(ANNA, 1, (first,)),)
    assert item(1) == ("held", 0, "")
    reply = Message.get_by_id(2)
    assert (reply.status, reply.topic, reply.drafted_text) == ("held", "prices", None)
    assert message(first) == ("received", True, None, "")
    assert [steps(first)[-1], steps(2)] == ["queue/held", ["queue/held"]]
    row = Conversation.get()
    assert (row.needs_reply_since, row.cooldown_until) == (at(5), at(35))


def test_the_feed_tells_of_what_is_held(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    latest = StoredFeedEvent.select().order_by(StoredFeedEvent.id.desc()).get()
    assert (latest.kind, latest.message_id) == ("message.held", 2)


def test_a_delayed_reply_calls_nobody(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "hours?"), mode=DELAY)
    assert QueueItem.get().release_at == at(605)
    assert Conversation.get().needs_reply_since is None


def test_the_sender_does_not_find_what_is_held(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    found = only(desk.do(sweep(3600)), PendingFound)
    assert found.replies == ()
    assert item(1) == ("held", 0, "")


def test_a_delayed_reply_goes_by_itself_at_its_time(desk: Desk) -> None:
    first = desk.receive("m1", "hours?")
    desk.hold(first, mode=DELAY)
    early = only(desk.do(sweep(604)), PendingFound)
    queued, found = desk.do(sweep(605))
    assert (early.replies, of_kind(found, PendingFound).replies) == (
        (),
        (of_kind(queued, ReplyQueued).reply,),
    )
    assert (
        of_kind(queued, ReplyQueued).input_ids,
        of_kind(queued, ReplyQueued).reply.scheduled_for,
    ) == ((first,), at(605))
    assert (item(1), message(2)[0]) == (("pending", 0, ""), "queued")
    assert details(first)[-1] == "the delay is over"


def test_a_delay_does_not_end_while_a_newer_message_waits_for_one_reply_to_all(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "hours?"), mode=DELAY)
    desk.receive("m2", "and prices?", 604)
    desk.do(sweep(605))
    assert item(1) == ("held", 0, "")


def test_a_clock_set_back_makes_no_delay_longer(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "hours?", 3600), mode=DELAY, seconds=3605)
    desk.do(sweep(0))
    desk.do(sweep(599))
    assert item(1) == ("held", 0, "")
    desk.do(sweep(600))
    assert item(1) == ("pending", 0, "")


def test_a_recall_gives_the_messages_back_for_one_reply_to_all(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    second = desk.receive("m2", "and shoes?", 20)
    dropped = desk.do(RecallHeldReplies(ANNA, 1, at(25)))
    assert dropped == (ReplyDropped(ANNA, 1, SUPERSEDED, is_recalled=True),)
    assert item(1) == ("cancelled", 0, SUPERSEDED)
    for each in (first, second):
        assert message(each) == ("received", False, None, "")
    assert Conversation.get().needs_reply_since is None
    because = f"the reply was recalled: {SUPERSEDED}"
    assert desk.answers(RetryReply(1, at(30), receipt=Future())) == [Conflict(because)]


def test_a_recall_of_nothing_makes_the_conversation_load_again(desk: Desk) -> None:
    desk.queue(desk.receive("m1", "price?"))
    (refused,) = desk.do(RecallHeldReplies(ANNA, 1, at(25)))
    assert refused == ReplyRefused(ANNA, (), "nothing is held any more", is_outdated=True)
    assert item(1) == ("pending", 0, "")


def test_a_held_reply_is_taken_back_by_an_edit(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    desk.do(webhook(edited("m1", "sizes?"), seconds=13))
    assert item(1)[0] == "cancelled"
    assert message(first) == ("received", False, None, "")


def test_a_held_reply_ends_when_its_message_is_unsent(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    events = desk.do(webhook(unsent("m1"), seconds=13))
    assert MessageErased(ANNA, 1, first) in events
    assert item(1) == ("cancelled", 0, "the contact unsent the message")
    assert Conversation.get().needs_reply_since is None


@pytest.mark.parametrize(
    ("status", "because"),
    [
        (ConversationStatus.CLOSED, "the conversation was closed"),
        (ConversationStatus.HUMAN, "a teammate took over"),
        (ConversationStatus.PAUSED, "the bot was paused"),
    ],
)
def test_a_held_reply_ends_with_the_bots_turn(
    desk: Desk, status: ConversationStatus, because: str
) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    desk.do(ChangeConversation(1, status, at(60)))
    assert item(1) == ("cancelled", 0, because)
    assert message(first) == ("received", True, "suppressed", because)


def test_a_held_reply_gives_way_to_a_teammates_word(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    desk.do(QueueReply(1, (), Content(text="hi"), at(60), Author.OPERATOR, hold=True))
    assert statuses() == ["cancelled", "pending"]


def test_a_draft_still_waits_for_the_team_after_a_reply_that_lets_the_bot_go_on(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    desk.do(QueueReply(1, (), Content(text="hi"), at(60), Author.OPERATOR, hold=False))
    assert statuses() == ["held", "pending"]
    assert Conversation.get().needs_reply_since == at(5)


def test_a_draft_still_waits_for_the_team_after_the_bot_has_answered_a_later_message(
    desk: Desk,
) -> None:
    desk.hold(desk.receive("m1", "price?"))
    desk.send(desk.queue(desk.receive("m2", "hours?", 6), seconds=7), seconds=8)
    assert statuses() == ["held", "sent"]
    assert Conversation.get().needs_reply_since == at(5)


def test_only_the_first_of_several_replies_beside_a_draft_is_counted_as_one(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    for seconds in (60, 90):
        hi = Content(text="hi")
        desk.do(QueueReply(1, (), hi, at(seconds), Author.OPERATOR, hold=False))
    firsts = ReportHour.select().where(ReportHour.measure == Measure.FIRST_REPLY)
    assert [each.count for each in firsts] == [1]


def test_a_teammates_reply_to_a_draft_counts_as_the_first_one(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    desk.do(QueueReply(1, (), Content(text="hi"), at(60), Author.OPERATOR, hold=True))
    counted = [(each.measure, each.count) for each in ReportHour.select()]
    assert (Measure.FIRST_REPLY, 1) in counted
    assert Conversation.get().needs_reply_since is None


def test_a_held_reply_ends_with_the_reply_window(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    desk.hold(first)
    desk.do(sweep(DAY))
    assert item(1) == ("held", 0, "")
    desk.do(sweep(DAY + 1))
    because = "the 24-hour reply window has closed"
    assert item(1) == ("cancelled", 0, because)
    assert message(first) == ("received", True, "suppressed", because)


def test_a_held_private_reply_ends_seven_days_after_its_comment(desk: Desk) -> None:
    first = desk.receive("c1", "price?", kind="comment")
    assert desk.hold(first) == (ReplyHeld(ANNA, 1, (first,), is_private=True),)
    desk.do(sweep(7 * DAY), RecallHeldReplies(ANNA, 1, at(7 * DAY)))
    assert item(1) == ("held", 0, "")
    desk.do(sweep(7 * DAY + 6))
    assert item(1)[0] == "cancelled"


def test_what_was_held_at_a_backup_may_have_been_sent_since(desk: Desk) -> None:
    desk.hold(desk.receive("m1", "price?"))
    desk.hold(desk.receive("m2", "hours?", 1), mode=DELAY)
    desk.do(HoldRestored(at(60)))
    assert statuses() == ["unknown", "unknown"]


def test_the_answer_to_a_lost_commit_says_again_that_a_reply_is_held(desk: Desk) -> None:
    first = desk.receive("m1", "price?")
    assert desk.hold(first) == desk.hold(first)


def test_an_opt_out_ends_what_is_held(desk: Desk) -> None:
    desk.heed(Consent(opt_out=Words.of(["stop"])))
    desk.hold(desk.receive("m1", "price?"))
    desk.do(webhook(wrote("m2", "stop"), seconds=20))
    assert item(1) == ("cancelled", 0, "the contact opted out of automatic messages")
