"""Operators who are limited to accounts: what is stored, and what they are not told or assigned."""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import (
    AddNote,
    AddOperator,
    AssignConversation,
    ChangeOperator,
    LimitOperator,
    OpenLogin,
    RemoveOperator,
)
from moca.core.messages.push import PushesTaken, SubscribePush, TakePushes
from moca.core.messages.replies import ConcludeMessages
from moca.core.push import PushKind, SubscriptionKeys
from moca.core.reasons import Because, Reason
from moca.core.types import ConversationStatus, OperatorRole, Outcome
from moca.storage.db.operator_tables import Login, Mention, OperatorAccount
from moca.storage.db.tables import Conversation
from moca.storage.queries.operators import find_login, list_operators, read_operator
from tests.storage.desk import Desk
from tests.support.factory import ANNA, at
from tests.support.values import of_kind, present

ANA, BEN, CLEO = 1, 2, 3
OTHER = "17841400000000009"
UNTIL = at(0) + timedelta(hours=1)


@pytest.fixture
def team(desk: Desk) -> Desk:
    """Anna wrote; Ana and Cleo see every account, Ben only the other one, where no one wrote."""
    desk.receive("m1")
    for name, role in (("ana", "answers"), ("ben", "answers"), ("cleo", "administers")):
        accounts = (OTHER,) if name == "ben" else ()
        desk.do(AddOperator(name, OperatorRole(role), "hash", at(0), accounts))
    return desk


def push_to_all(desk: Desk) -> None:
    for number, name in enumerate(("ana", "ben", "cleo"), start=1):
        desk.do(OpenLogin(name, number, "hash", at(0), UNTIL))
        address = f"https://push.example.com/{name}"
        desk.do(SubscribePush(number, address, SubscriptionKeys("point", "secret"), at(0)))


def told(desk: Desk) -> list[tuple[PushKind, list[str]]]:
    """Return who is pushed what."""
    return [
        (push.kind, [each.endpoint.rpartition("/")[2] for each in push.subscriptions])
        for event in desk.do(TakePushes(at(10), 20))
        for push in of_kind(event, PushesTaken).pushes
    ]


def limit(operator_id: int, *account_ids: str) -> LimitOperator:
    return LimitOperator(operator_id, account_ids, receipt=Future())


def assignee() -> int | None:
    return Conversation.get_by_id(1).assignee_id


def test_limits_are_stored_and_changed_and_end_with_the_operator(team: Desk) -> None:
    scopes = [each.account_scope for each in list_operators()]
    assert scopes == [ALL_ACCOUNTS, AccountScope.of([OTHER]), ALL_ACCOUNTS]

    assert team.answers(limit(BEN, "2", "1", "2"), limit(9, "1")) == [Done(), NotFound()]
    assert present(read_operator(BEN)).account_ids == ("1", "2")
    assert team.answers(limit(BEN)) == [Done()]
    assert present(read_operator(BEN)).account_scope == ALL_ACCOUNTS

    team.do(limit(BEN, OTHER), RemoveOperator(BEN))
    assert OperatorAccount.select().count() == 0


def test_an_open_session_is_limited_at_once_and_stays_open(team: Desk) -> None:
    team.do(OpenLogin("ana", ANA, "hash", at(0), UNTIL))
    team.do(limit(ANA, OTHER))
    login = present(find_login("ana", "", at(1)))
    assert present(login.operator).account_scope == AccountScope.of([OTHER])
    assert Login.select().count() == 1


def test_an_administrator_is_never_limited(team: Desk) -> None:
    team.do(limit(CLEO, OTHER))
    assert present(read_operator(CLEO)).account_scope == ALL_ACCOUNTS
    team.do(ChangeOperator(CLEO, OperatorRole.ANSWERS))
    assert present(read_operator(CLEO)).account_scope == AccountScope.of([OTHER])


def test_a_conversation_is_not_assigned_to_those_who_do_not_see_it(team: Desk) -> None:
    refused = AssignConversation(1, BEN, receipt=Future())
    assert team.answers(refused) == [Conflict("this user does not see this account")]
    assert assignee() is None


@pytest.mark.parametrize(
    "limiting",
    [limit(ANA, OTHER), ChangeOperator(CLEO, OperatorRole.ANSWERS)],
    ids=["limit", "role"],
)
def test_what_an_operator_sees_no_more_is_released(
    team: Desk, limiting: LimitOperator | ChangeOperator
) -> None:
    team.do(limit(CLEO, OTHER))
    team.do(AssignConversation(1, limiting.operator_id))
    team.do(limiting)
    assert assignee() is None


def test_what_an_operator_still_sees_stays_assigned(team: Desk) -> None:
    team.do(AssignConversation(1, ANA))
    team.do(limit(ANA, ANNA.account_id, OTHER))
    assert assignee() == ANA


def test_a_reopened_conversation_is_released_by_those_who_see_it_no_more(team: Desk) -> None:
    team.do(AssignConversation(1, ANA))
    team.do(ChangeConversation(1, ConversationStatus.CLOSED, at(1)))
    team.do(limit(ANA, OTHER))
    assert assignee() == ANA
    team.do(ChangeConversation(1, ConversationStatus.OPEN, at(2)))
    assert assignee() is None


def test_who_does_not_see_a_conversation_is_neither_mentioned_nor_told(team: Desk) -> None:
    push_to_all(team)
    team.do(AddNote(1, "cleo", "@ben and @ana, look", at(2)))
    assert [row.operator.id for row in Mention.select()] == [ANA]
    assert told(team) == [("mention", ["ana"])]


def test_what_needs_a_reply_is_pushed_to_those_who_see_it(team: Desk) -> None:
    push_to_all(team)
    because = Because(Reason.OUTSIDE_HOURS)
    team.do(ConcludeMessages((1,), Outcome.SUPPRESSED, because, at(3)))
    assert told(team) == [("needs_reply", ["ana", "cleo"])]


def test_a_push_that_waits_is_not_sent_to_those_who_see_it_no_more(team: Desk) -> None:
    push_to_all(team)
    team.do(AddNote(1, "cleo", "@ana", at(2)), limit(ANA, OTHER))
    assert told(team) == [("mention", [])]
