"""A request with a key is executed once, in the transaction that stores the key."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.messages.accounts import RemoveAccount
from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.messages.idempotency import KeepAnswer, KeyReused, RequestKey
from moca.core.messages.operator_actions import (
    CancelReply,
    ChangeConversation,
    EraseContact,
    FreezeQueue,
)
from moca.core.messages.operators import AuditedCommand
from moca.core.messages.replies import QueueReply
from moca.core.types import Author, ConversationStatus
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.tables import Account, Message
from moca.storage.operators.idempotency import IdempotencyKey
from moca.storage.queries.idempotency import KeptAnswer, read_answer
from tests.storage.desk import Desk
from tests.support.factory import ANNA, NOON, at
from tests.support.values import of_kind, only

KEY = RequestKey("key", "print")
DAY = 24 * 3600


def deed(command: AwaitedCommand, key: RequestKey = KEY, seconds: float = 10) -> AuditedCommand:
    asked = replace(command, receipt=Future())
    return AuditedCommand(asked, "Ada", "did it", "about it", at(seconds), request=key)


def reply(conversation_id: int = 1, text: str = "by hand") -> QueueReply:
    return QueueReply(conversation_id, (), Content(text=text), at(10), Author.OPERATOR)


def replies() -> int:
    return Message.select().where(Message.author == "operator").count()


def test_what_comes_again_is_answered_and_not_done_again(desk: Desk) -> None:
    desk.receive("m1")

    first, again = desk.answers(deed(reply())), desk.answers(deed(reply(), seconds=DAY + 9))

    assert (first, again) == ([Done(2)], [Done(2, is_repeat=True, done_at=at(10))])
    assert (replies(), AuditEntry.select().count()) == (1, 1)


def test_one_commit_does_it_once_too(desk: Desk) -> None:
    desk.receive("m1")
    assert desk.answers(deed(reply()), deed(reply())) == [
        Done(2),
        Done(2, is_repeat=True, done_at=at(10)),
    ]
    assert replies() == 1


def test_another_request_with_the_key_is_refused(desk: Desk) -> None:
    desk.receive("m1")
    other = RequestKey("key", "another print")
    assert desk.answers(deed(reply()), deed(reply(text="other"), other)) == [Done(2), KeyReused()]
    assert replies() == 1


def test_another_key_is_another_request(desk: Desk) -> None:
    desk.receive("m1")
    assert desk.answers(deed(reply()), deed(reply(), RequestKey("2", "print")))[1] == Done(3)


def test_after_a_day_the_key_is_new(desk: Desk) -> None:
    desk.receive("m1")
    desk.answers(deed(reply()))
    assert desk.answers(deed(reply(), seconds=DAY + 10)) == [Done(3)]
    assert desk.answers(deed(reply(), seconds=DAY + 11)) == [
        Done(3, is_repeat=True, done_at=at(DAY + 10))
    ]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (reply(conversation_id=9), NotFound()),
        (CancelReply(1, at(10)), NotFound()),
        (
            ChangeConversation(1, ConversationStatus.OPEN, at(10)),
            Conflict("the conversation is already open"),
        ),
    ],
)
def test_a_refusal_is_repeated_though_it_could_be_done_by_now(
    desk: Desk, command: AwaitedCommand, answer: Conflict | NotFound
) -> None:
    desk.receive("m1")
    assert desk.answers(deed(command)) == [answer]
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(11)))
    assert desk.answers(deed(command, seconds=12)) == [answer]
    assert AuditEntry.select().count() == 0


def test_nothing_is_remembered_of_what_was_rolled_back(desk: Desk) -> None:
    desk.receive("m1")
    without_a_zone = at(11).replace(tzinfo=None)
    with pytest.raises(TypeError):
        desk.do(deed(reply()), deed(FreezeQueue(without_a_zone), RequestKey("2", "")))
    assert IdempotencyKey.select().count() == replies() == 0


def kept(key: str = "key", seconds: float = 11) -> KeptAnswer | None:
    return read_answer(key, at(seconds))


def keep(body: str = "{}", seconds: float = 10, key: RequestKey = KEY) -> KeepAnswer:
    return KeepAnswer(key, 202, body, at(seconds), receipt=Future())


def test_the_first_answer_is_kept_for_a_day(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(deed(reply()))
    assert kept() == KeptAnswer("print", None, "")

    assert desk.answers(keep("first"), keep("second")) == [Done(), NotFound()]

    assert kept() == kept(seconds=DAY + 9) == KeptAnswer("print", 202, "first")
    assert kept(seconds=DAY + 10) is None


def test_no_answer_is_kept_of_what_was_not_done(desk: Desk) -> None:
    desk.do(deed(reply()))
    assert desk.answers(keep(), keep(key=RequestKey("unknown", "print"))) == [NotFound()] * 2


def test_erasing_a_contact_erases_the_answers_that_hold_its_words(desk: Desk) -> None:
    desk.receive("m1")
    queued = of_kind(desk.answers(deed(reply()))[0], Done).id
    desk.do(keep("the contact's words"))
    desk.do(deed(CancelReply(1, at(11)), RequestKey("cancel", "print")))
    desk.do(keep("and again", key=RequestKey("cancel", "print")))
    desk.do(deed(FreezeQueue(at(11)), RequestKey("freeze", "print")))
    assert queued == 2

    desk.do(EraseContact(ANNA, NOON))

    assert [row.key for row in IdempotencyKey.select()] == ["freeze"]


def test_removing_an_account_leaves_no_answer_about_it(desk: Desk) -> None:
    account = {"flavour": "instagram_login", "created_at": at(0), "sealed_token": ""}
    Account.create(account_id="1", token_stored_at=at(0), token_issued_at=at(0), **account)
    desk.do(deed(FreezeQueue(at(11))))
    desk.do(keep("an account's name"))

    desk.do(RemoveAccount("1", at(12)))

    assert kept() == KeptAnswer("print", None, "")


def test_old_keys_are_deleted_in_portions(desk: Desk) -> None:
    for number in range(5):
        desk.do(deed(reply(conversation_id=9), RequestKey(str(number), ""), seconds=number))

    clean = ApplyRetention(at(3) + timedelta(days=1), None, 3)
    first, after_one = only(desk.do(clean), RetentionApplied), IdempotencyKey.select().count()
    second, third = (only(desk.do(clean), RetentionApplied) for _ in range(2))

    assert (first.has_more, second.has_more, third.has_more) == (
        True,
        True,
        False,
    )
    assert (after_one, [row.key for row in IdempotencyKey.select()]) == (2, ["4"])
