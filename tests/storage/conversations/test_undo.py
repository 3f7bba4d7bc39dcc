"""Closing a conversation is undone as if it had never happened."""

from concurrent.futures import Future

import pytest

from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound
from moca.core.messages.operator_actions import (
    ChangeConversation,
    ConversationChanged,
    SnoozeConversation,
    UndoClose,
    UndoSnooze,
    UnsnoozeConversation,
)
from moca.core.reports import Measure
from moca.core.snooze import Snooze
from moca.core.types import Author, ConversationStatus, Outcome
from moca.storage.db.metric_tables import ReportHour
from moca.storage.db.tables import Conversation, Message
from moca.storage.queries.conversations import read_conversation
from moca.storage.queries.records import ConversationRecord
from tests.storage.desk import Desk
from tests.support.factory import ANNA, at
from tests.support.values import present

CLOSED, OPEN = ConversationStatus.CLOSED, ConversationStatus.OPEN
HUMAN, PAUSED = ConversationStatus.HUMAN, ConversationStatus.PAUSED


def state() -> ConversationRecord:
    return present(read_conversation(1))


def closes(desk: Desk, seconds: float = 20) -> None:
    desk.do(ChangeConversation(1, CLOSED, at(seconds), by="Ana"))


def undoes(desk: Desk, seconds: float = 30, closed: float = 20) -> object:
    """Undo the closing; return the answer."""
    (answer,) = desk.answers(UndoClose(1, at(seconds), at(closed), receipt=Future()))
    return answer


def undoes_snooze(desk: Desk, snoozed: float, seconds: float = 30) -> object:
    """Undo a snooze; return the answer."""
    (answer,) = desk.answers(UndoSnooze(1, at(seconds), at(snoozed), receipt=Future()))
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
def test_a_conversation_is_again_as_it_was(
    desk: Desk, commands: tuple[AwaitedCommand, ...]
) -> None:
    message_id = desk.receive("m1")
    desk.send(desk.queue(message_id, seconds=2), seconds=4)
    desk.do(*commands)
    before = state()
    closes(desk)
    assert (state().status, state().snooze, state().needs_reply_since) == (CLOSED, None, None)

    events = desk.do(UndoClose(1, at(30), at(20)))

    assert state() == before
    assert events == (ConversationChanged(ANNA, 1, before.status, before.held_until),)


def test_what_the_bot_was_about_to_answer_is_left_to_the_team(desk: Desk) -> None:
    message_id = desk.receive("m1")
    closes(desk)
    undoes(desk)
    assert (state().status, state().needs_reply_since) == (OPEN, at(30))
    assert Message.get_by_id(message_id).outcome == Outcome.SUPPRESSED


def test_it_needs_a_reply_since_the_same_time(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, HUMAN, at(5), by="Ben"))
    since = state().needs_reply_since
    closes(desk)
    undoes(desk)
    assert since is not None
    assert state().needs_reply_since == since


def test_a_closing_that_was_undone_or_reopened_is_not_undone_again(desk: Desk) -> None:
    desk.receive("m1")
    closes(desk)
    undoes(desk)
    desk.do(ChangeConversation(1, PAUSED, at(40)))

    assert desk.do(UndoClose(1, at(50), at(20))) == ()
    answer = Conflict("the conversation has been reopened since")
    assert (undoes(desk, 50), state().status) == (answer, PAUSED)


def test_a_later_closing_is_not_undone_instead(desk: Desk) -> None:
    desk.receive("m1")
    closes(desk)
    desk.do(ChangeConversation(1, OPEN, at(30)))
    closes(desk, 40)

    answer = Conflict("the conversation has been reopened and closed again since")
    assert (undoes(desk, 50), state().status) == (answer, CLOSED)
    assert (undoes(desk, 60, closed=40), state().status) == (Done(), OPEN)


SHORT, LONG = SnoozeConversation(1, at(5), at(900)), SnoozeConversation(1, at(6))


@pytest.mark.parametrize("before", [(), (SHORT,), (LONG,)], ids=["none", "short", "long"])
def test_an_undone_snooze_leaves_the_one_before_it(
    desk: Desk, before: tuple[SnoozeConversation, ...]
) -> None:
    desk.receive("m1")
    desk.do(*before)
    was = state()
    desk.do(SnoozeConversation(1, at(20), at(1_000)))

    assert (undoes_snooze(desk, 20), state()) == (Done(), was)


def test_a_later_snooze_is_not_undone_instead(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(SnoozeConversation(1, at(20), at(900)), SnoozeConversation(1, at(25), at(1_000)))

    answer = Conflict("the conversation has been snoozed again since")
    assert (undoes_snooze(desk, 20), state().snooze) == (answer, Snooze(at(25), at(1_000)))


ENDS = {
    "by a colleague": UnsnoozeConversation(1, at(25)),
    "with the conversation": ChangeConversation(1, CLOSED, at(25)),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_snooze_that_was_ended_is_not_undone(desk: Desk, end: AwaitedCommand) -> None:
    desk.receive("m1")
    desk.do(SHORT, SnoozeConversation(1, at(20)), end)

    answer = Conflict("the snooze has been ended since")
    assert (undoes_snooze(desk, 20), state().snooze) == (answer, None)


def test_undoing_a_closing_brings_back_a_snooze_that_can_be_undone(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(SHORT, LONG)
    closes(desk)
    undoes(desk)

    assert (undoes_snooze(desk, 6, 40), state().snooze) == (Done(), Snooze(at(5), at(900)))


def test_a_contact_who_has_begun_anew_keeps_one_open_conversation(desk: Desk) -> None:
    desk.receive("m1")
    closes(desk)
    desk.receive("m2", seconds=25)
    assert undoes(desk) == Conflict("the contact has another open conversation")
    assert state().status is CLOSED


def test_what_is_gone_is_not_found(desk: Desk) -> None:
    assert (undoes(desk), undoes_snooze(desk, 20)) == (NotFound(), NotFound())


def test_after_reopening_nothing_is_left_to_undo(desk: Desk) -> None:
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
def test_reports_take_back_what_they_counted(
    desk: Desk, author: Author, counted: list[tuple[str, int]]
) -> None:
    desk.receive("m1")
    name = "Ana" if author is Author.OPERATOR else ""
    desk.send(desk.queue(1, seconds=6, author=author, author_name=name))
    closes(desk)
    undoes(desk)
    closes(desk, 40)
    undoes(desk, 50, closed=40)
    closes(desk, 60)
    resolved = [Measure.RESOLVED, Measure.RESOLVED_BY_BOT]
    query = ReportHour.select(ReportHour.measure, ReportHour.count).order_by(ReportHour.measure)
    assert list(query.where(ReportHour.measure << resolved).tuples()) == counted
