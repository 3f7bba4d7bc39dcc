from concurrent.futures import Future
from datetime import timedelta

import pytest

from moca.core.messages.command import Command, Done, NotFound
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import (
    AddNote,
    AddOperator,
    AssignConversation,
    ChangeOperator,
    CloseLogin,
    OpenLinkSession,
    OpenLogin,
    RemoveOperator,
)
from moca.core.messages.push import (
    PushesTaken,
    RemovePushSubscription,
    SubscribePush,
    TakePushes,
    UnsubscribePush,
)
from moca.core.messages.replies import ConcludeMessages
from moca.core.push import Push, PushKind, PushSubscription, SubscriptionKeys
from moca.core.reasons import Because, Reason
from moca.core.types import ConversationStatus, OperatorRole, Outcome
from moca.storage.db.operator_tables import Login, OperatorAccount
from moca.storage.db.push_tables import PushTarget, QueuedPush
from moca.storage.db.tables import Contact, Conversation
from moca.storage.operators.push import MAX_BROWSERS
from tests.storage.desk import Desk
from tests.support.factory import at
from tests.support.values import of_kind

ANA, BEN, VERA = 1, 2, 3
KEYS = SubscriptionKeys("point", "secret")
ROLES = {"ana": "answers", "ben": "administers", "vera": "reads"}


@pytest.fixture
def team(desk: Desk) -> Desk:
    """Anna wrote; each of the team has a browser that wants push messages."""
    desk.receive("m1")
    Contact.update(name="Anna").execute()
    for number, (name, role) in enumerate(ROLES.items(), start=1):
        desk.do(AddOperator(name, OperatorRole(role), "hash", at(0)))
        logs_in(desk, number, name)
        assert subscribed(desk, number, f"https://push.example.com/{name}") == [Done(number)]
    return desk


def logs_in(desk: Desk, operator_id: int, key: str) -> None:
    desk.do(OpenLogin(key, operator_id, "hash", at(0), at(0) + timedelta(hours=1)))


def subscribed(desk: Desk, login_id: int, endpoint: str) -> list[object]:
    return desk.answers(SubscribePush(login_id, endpoint, KEYS, at(0), receipt=Future()))


def endpoints() -> list[str]:
    query = PushTarget.select().order_by(PushTarget.id)
    return [row.endpoint.rpartition("/")[2] for row in query]


def taken(desk: Desk, seconds: float = 10) -> list[tuple[PushKind, str, list[str]]]:
    """Return what is to be pushed: the occasion, by which colleague, to which operators."""
    told = desk.do(TakePushes(at(seconds), 20))
    pushes = [push for event in told for push in of_kind(event, PushesTaken).pushes]
    return [
        (push.kind, push.by, [each.endpoint.rpartition("/")[2] for each in push.subscriptions])
        for push in pushes
    ]


def suppressed(desk: Desk, seconds: float = 3) -> None:
    because = Because(Reason.OUTSIDE_HOURS)
    desk.do(ConcludeMessages((1,), Outcome.SUPPRESSED, because, at(seconds)))


def test_a_push_names_contact_colleague_and_browser_and_is_taken_once(team: Desk) -> None:
    team.do(AddNote(1, "token", "@ben, look at the card 4111", at(2)))

    assert team.do(TakePushes(at(10), 20)) == (
        PushesTaken(
            (
                Push(
                    kind=PushKind.MENTION,
                    conversation_id=1,
                    contact="Anna",
                    by="API token",
                    at=at(2),
                    subscriptions=(PushSubscription(BEN, "https://push.example.com/ben", KEYS),),
                ),
            )
        ),
    )
    assert team.do(TakePushes(at(10), 20)) == ()
    assert QueuedPush.select().count() == 0


def test_what_needs_a_reply_goes_to_all_who_may_answer_and_once(team: Desk) -> None:
    suppressed(team)
    suppressed(team)

    assert taken(team) == [(PushKind.NEEDS_REPLY, "", ["ana", "ben"])]


def test_who_is_limited_to_other_accounts_is_told_of_nothing(team: Desk) -> None:
    account_id = Contact.get().account_id
    OperatorAccount.create(operator=ANA, account_id="1784")
    team.do(AddNote(1, "ben", "@ana, look", at(2), BEN))
    suppressed(team)
    assert taken(team) == [(PushKind.NEEDS_REPLY, "", ["ben"])]

    OperatorAccount.create(operator=ANA, account_id=account_id)
    team.do(AddNote(1, "ben", "@ana, look", at(3), BEN))
    assert taken(team) == [(PushKind.MENTION, "ben", ["ana"])]


def test_what_needs_a_reply_goes_to_its_assignee_alone(team: Desk) -> None:
    team.do(AssignConversation(1, ANA))
    suppressed(team)

    assert taken(team) == [(PushKind.NEEDS_REPLY, "", ["ana"])]


def test_a_reopened_conversation_that_waits_needs_a_reply_again(team: Desk) -> None:
    suppressed(team)
    team.do(ChangeConversation(1, ConversationStatus.CLOSED, at(4)))
    taken(team)

    team.do(ChangeConversation(1, ConversationStatus.OPEN, at(5)))

    assert taken(team) == [(PushKind.NEEDS_REPLY, "", ["ana", "ben"])]


def test_an_assignment_is_told_to_the_new_assignee_unless_it_is_their_own_act(team: Desk) -> None:
    def assign(operator_id: int | None, by_id: int) -> None:
        by = list(ROLES)[by_id - 1]
        team.do(AssignConversation(1, operator_id, by=by, by_id=by_id, at=at(2)))

    for operator_id, by_id in ((ANA, BEN), (ANA, BEN), (BEN, BEN), (None, ANA)):
        assign(operator_id, by_id)

    assert taken(team) == [(PushKind.ASSIGNMENT, "ben", ["ana"])]


def test_no_one_is_told_of_their_own_mention_or_of_what_is_stale(team: Desk) -> None:
    team.do(AddNote(1, "ana", "@ana @vera", at(2), ANA))
    assert taken(team) == [(PushKind.MENTION, "ana", ["vera"])]

    team.do(AddNote(1, "ana", "@vera", at(2), ANA))
    assert taken(team, seconds=602) == []


def test_nothing_is_queued_while_no_browser_wants_it(team: Desk) -> None:
    PushTarget.delete().execute()

    suppressed(team)
    team.do(AddNote(1, "token", "@ben", at(2)))

    assert QueuedPush.select().count() == 0


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (CloseLogin("ana"), ["ben", "vera"]),
        (RemoveOperator(ANA), ["ben", "vera"]),
        (ChangeOperator(ANA, password_hash="new"), ["ben", "vera"]),
        (UnsubscribePush(1), ["ben", "vera"]),
        (UnsubscribePush(9), ["ana", "ben", "vera"]),
        (RemovePushSubscription(2), ["ana", "vera"]),
    ],
)
def test_a_subscription_ends_with_its_session(
    team: Desk, command: Command, left: list[str]
) -> None:
    team.do(command)

    assert endpoints() == left


def test_an_expired_session_gets_nothing(team: Desk) -> None:
    Login.update(ends_at=at(9)).where(Login.operator == ANA).execute()
    suppressed(team)

    assert taken(team) == [(PushKind.NEEDS_REPLY, "", ["ben"])]


def test_a_browser_is_that_of_the_last_session_and_a_session_has_one(team: Desk) -> None:
    assert subscribed(team, 2, "https://push.example.com/ana") == [Done(4)]

    assert endpoints() == ["vera", "ana"]
    assert PushTarget.select().where((PushTarget.id == 4) & (PushTarget.login == 2)).exists()


def test_only_sessions_of_operators_subscribe(team: Desk) -> None:
    session = OpenLinkSession("link", "hash", "", at(0), at(9))
    team.do(session)

    for login_id in (4, 99):
        assert subscribed(team, login_id, "https://push.example.com/x") == [NotFound()]


def test_an_operator_has_a_bounded_number_of_browsers(team: Desk) -> None:
    for number in range(MAX_BROWSERS):
        logs_in(team, ANA, f"another {number}")
        subscribed(team, 4 + number, f"https://push.example.com/{number}")

    assert endpoints() == ["ben", "vera", *map(str, range(MAX_BROWSERS))]


def test_the_queue_is_bounded_and_ends_with_the_conversation(
    team: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.storage.operators.push_queue._MAX_QUEUED", 3)
    for _ in range(5):
        team.do(AddNote(1, "token", "@ben", at(2)))
    assert QueuedPush.select().count() == 3

    Conversation.delete().execute()
    assert QueuedPush.select().count() == 0
