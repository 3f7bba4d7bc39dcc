from concurrent.futures import Future

import pytest

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import (
    ChangeConversation,
    SnoozeConversation,
    UnsnoozeConversation,
)
from moca.core.snooze import Snooze
from moca.core.types import Author, ConversationStatus
from moca.storage.queries.conversations import read_conversation
from tests.storage.desk import Desk, echoed, webhook
from tests.support.factory import at
from tests.support.values import present

CLOSED = ConversationStatus.CLOSED


@pytest.fixture
def snoozed(desk: Desk) -> Desk:
    """A conversation that was snoozed for a minute, ten seconds after the contact wrote."""
    desk.receive("m1")
    desk.do(SnoozeConversation(1, at(10), at(70)))
    return desk


def snooze() -> Snooze | None:
    return present(read_conversation(1)).snooze


def test_a_later_snooze_replaces_an_earlier_one(snoozed: Desk) -> None:
    assert snooze() == Snooze(at(10), at(70))

    snoozed.do(SnoozeConversation(1, at(20)))

    assert snooze() == Snooze(at(20), None)


ENDS = {
    "the contact's message": lambda desk: desk.receive("m2", seconds=11),
    "an operator's reply": lambda desk: desk.queue(seconds=11, author=Author.OPERATOR),
    "a reply in the app": lambda desk: desk.do(webhook(echoed("e1", "By hand"), seconds=11)),
    "closing": lambda desk: desk.do(ChangeConversation(1, CLOSED, at(11))),
    "ending it": lambda desk: desk.do(UnsnoozeConversation(1, at(11))),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_snooze_is_ended_by(snoozed: Desk, end: str) -> None:
    ENDS[end](snoozed)
    assert snooze() is None


def test_a_reply_of_the_bot_ends_no_snooze(snoozed: Desk) -> None:
    snoozed.queue(seconds=11)
    assert snooze() == Snooze(at(10), at(70))


def test_nothing_closed_or_unknown_is_snoozed(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, CLOSED, at(1)))

    answers = [SnoozeConversation(each, at(2), receipt=Future()) for each in (1, 9)]

    assert desk.answers(*answers) == [Conflict("the conversation is closed"), NotFound()]
    again = UnsnoozeConversation(1, at(3), receipt=Future())
    assert desk.answers(again) == [Done()]
