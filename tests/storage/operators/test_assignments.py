from concurrent.futures import Future
from typing import Any

import pytest

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import AddOperator, AssignConversation, RemoveOperator
from moca.core.types import Author, ConversationStatus, OperatorRole
from moca.storage.db.tables import Conversation
from tests.storage.desk import Desk
from tests.support.factory import at

ADA, BEN = 1, 2
CLOSED, OPEN = ConversationStatus.CLOSED, ConversationStatus.OPEN


@pytest.fixture
def team(desk: Desk) -> Desk:
    """Anna wrote to a team of Ada and Ben."""
    desk.receive("m1")
    for name in ("ada", "ben"):
        desk.do(AddOperator(name, OperatorRole.ANSWERS, "hash", at(0)))
    return desk


def assignee() -> int | None:
    return Conversation.get_by_id(1).assignee_id


def assign(operator_id: int | None, conversation_id: int = 1) -> AssignConversation:
    return AssignConversation(conversation_id, operator_id, receipt=Future())


def test_a_conversation_is_assigned_to_one_operator_or_to_no_one(team: Desk) -> None:
    seen = []
    for operator_id in (ADA, BEN, None):
        assert team.answers(assign(operator_id)) == [Done()]
        seen.append(assignee())
    assert seen == [ADA, BEN, None]


def test_nothing_is_assigned_to_removed_users_or_without_a_conversation(team: Desk) -> None:
    assert team.answers(assign(9), assign(ADA, conversation_id=9)) == [
        Conflict("this user has been removed"),
        NotFound(),
    ]
    assert assignee() is None


def test_an_operators_reply_assigns_what_no_one_has(team: Desk) -> None:
    team.queue(author=Author.OPERATOR, author_id=ADA)
    assert assignee() == ADA

    team.queue(author=Author.OPERATOR, author_id=BEN)
    assert assignee() == ADA


@pytest.mark.parametrize("reply", [{}, {"author": Author.OPERATOR, "author_name": "API"}])
def test_replies_of_the_bot_and_the_api_assign_nothing(team: Desk, reply: dict[str, Any]) -> None:
    team.queue(**reply)
    assert assignee() is None


def test_what_a_removed_user_had_is_no_ones(team: Desk) -> None:
    team.do(assign(ADA), RemoveOperator(ADA))
    assert assignee() is None


def test_what_a_removed_user_had_closed_is_no_ones_once_it_is_reopened(team: Desk) -> None:
    team.do(assign(ADA), ChangeConversation(1, CLOSED, at(1)), RemoveOperator(ADA))

    team.do(ChangeConversation(1, OPEN, at(2)))

    assert assignee() is None


def test_a_reopened_conversation_is_still_assigned(team: Desk) -> None:
    team.do(assign(BEN), ChangeConversation(1, CLOSED, at(1)), RemoveOperator(ADA))

    team.do(ChangeConversation(1, OPEN, at(2)))

    assert assignee() == BEN
