"""Closing a conversation is undone as if it had never happened."""

from concurrent.futures import Future

import pytest

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import (
    ChangeConversation,
    ConversationChanged,
    SnoozeConversation,
    UndoClose,
)
from moca.core.reports import Measure
from moca.core.types import Author, ConversationStatus, Outcome
from moca.storage.db.metric_tables import ReportHour
from moca.storage.db.tables import Conversation, Message
from moca.storage.queries.conversations import read_conversation
from tests.support.factory import ANNA, at
from tests.support.values import present

CLOSED, OPEN = ConversationStatus.CLOSED, ConversationStatus.OPEN
HUMAN, PAUSED = ConversationStatus.HUMAN, ConversationStatus.PAUSED


def state():
    return present(read_conversation(1))


def closes(desk, seconds=20):
    desk.do(ChangeConversation(1, CLOSED, at(seconds), by="Ana"))


def undoes(desk, seconds=30):
    """Undo the closing; return the answer."""
    (answer,) = desk.answers(UndoClose(1, at(seconds), receipt=Future()))
    return answer


BEFORE = {
    "with the bot": (),
    "taken over": (ChangeConversation(1, HUMAN, at(5), at(900), by="Ben"),),
    "paused": (ChangeConversation(1, PAUSED, at(5), at(900)),),
    "snoozed": (SnoozeConversation(1, at(5), at(900)),),
    "taken over and snoozed": (
        ChangeConversation(1, HUMAN, at(5), None, by="Ben"),
        SnoozeConversation(1, at(6)),
    ),
}


@pytest.mark.parametrize("commands", BEFORE.values(), ids=BEFORE)
def test_a_conversation_is_again_as_it_was(desk, commands):
    message_id = desk.receive("m1")
    desk.send(desk.queue(message_id, seconds=2), seconds=4)
    desk.do(*commands)
    before = state()
    closes(desk)
    assert (state().status, state().snooze, state().needs_reply_since) == (CLOSED, None, None)

    events = desk.do(UndoClose(1, at(30)))

    assert state() == before
    assert events == (ConversationChanged(ANNA, 1, before.status, before.held_until),)


def test_what_the_bot_was_about_to_answer_is_left_to_the_team(desk):
    message_id = desk.receive("m1")
    closes(desk)
    undoes(desk)
    assert (state().status, state().needs_reply_since) == (OPEN, at(30))
    assert Message.get_by_id(message_id).outcome == Outcome.SUPPRESSED


def test_it_needs_a_reply_since_the_same_time(desk):
    desk.receive("m1")
    desk.do(ChangeConversation(1, HUMAN, at(5), by="Ben"))
    since = state().needs_reply_since
    closes(desk)
    undoes(desk)
    assert since is not None
    assert state().needs_reply_since == since


def test_undoing_twice_changes_once(desk):
    desk.receive("m1")
    closes(desk)
    undoes(desk)
    desk.do(ChangeConversation(1, PAUSED, at(40)))

    assert desk.do(UndoClose(1, at(50))) == ()
    assert (undoes(desk, 50), state().status) == (Done(), PAUSED)


def test_a_contact_who_has_begun_anew_keeps_one_open_conversation(desk):
    desk.receive("m1")
    closes(desk)
    desk.receive("m2", seconds=25)
    assert undoes(desk) == Conflict("the contact has another open conversation")
    assert state().status is CLOSED


def test_what_is_gone_is_not_found(desk):
    assert undoes(desk) == NotFound()


def test_a_conversation_closed_before_the_upgrade_is_reopened(desk):
    desk.receive("m1")
    closes(desk)
    Conversation.update(before_close=None).execute()
    undoes(desk)
    assert state().status is OPEN


def test_after_reopening_nothing_is_left_to_undo(desk):
    desk.receive("m1")
    desk.do(ChangeConversation(1, PAUSED, at(5)))
    closes(desk)
    desk.do(ChangeConversation(1, OPEN, at(25)))
    assert Conversation.get().before_close is None


@pytest.mark.parametrize(
    ("author", "counted"),
    [
        (Author.OPERATOR, [("resolved", 1)]),
        (Author.BOT, [("resolved", 1), ("resolved_by_bot", 1)]),
    ],
)
def test_reports_take_back_what_they_counted(desk, author, counted):
    desk.receive("m1")
    name = "Ana" if author is Author.OPERATOR else ""
    desk.send(desk.queue(1, seconds=6, author=author, author_name=name))
    closes(desk)
    undoes(desk)
    closes(desk, 40)
    undoes(desk, 50)
    closes(desk, 60)
    resolved = [Measure.RESOLVED, Measure.RESOLVED_BY_BOT]
    query = ReportHour.select(ReportHour.measure, ReportHour.count).order_by(ReportHour.measure)
    assert list(query.where(ReportHour.measure << resolved).tuples()) == counted
