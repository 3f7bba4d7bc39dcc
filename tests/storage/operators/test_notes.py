from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import peewee

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import (
    AddNote,
    AddOperator,
    AuditedCommand,
    ChangeOperator,
    ChangeOwnPassword,
    CloseLogin,
    MarkRead,
    OpenLogin,
    RemoveNote,
    RemoveOperator,
)
from moca.core.types import ConversationStatus, OperatorRole
from moca.storage.db.operator_tables import AuditEntry, Login, Note, Operator
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation
from tests.storage.desk import Desk
from tests.support.factory import at


def rows(
    table: type[AuditEntry | Note | Operator | Conversation], *columns: peewee.Field
) -> list[tuple[Any, ...]]:
    return list(read_rows(table.select(*columns).order_by(table.id)))


def ada(desk: Desk, role: OperatorRole = OperatorRole.ANSWERS) -> int:
    desk.do(AddOperator("ada", role, "hash", at(0)))
    operator: Operator = Operator.get(Operator.name == "ada")
    id_: int = operator.id
    return id_


def logs_in(
    desk: Desk, operator_id: int, key: str = "key", seconds: float = 0, password_hash: str = "hash"
) -> list[object]:
    until = at(seconds) + timedelta(hours=1)
    return desk.answers(
        OpenLogin(key, operator_id, password_hash, at(seconds), until, receipt=Future())
    )


def test_a_deed_is_in_the_audit_trail_once_it_is_done(desk: Desk) -> None:
    desk.receive("m1")
    closing = ChangeConversation(1, ConversationStatus.CLOSED, at(1), receipt=Future())
    again = ChangeConversation(1, ConversationStatus.CLOSED, at(2), receipt=Future())

    answers = desk.answers(
        AuditedCommand(closing, "ada", "closed the conversation", "conversation 1", at(1)),
        AuditedCommand(again, "ben", "closed the conversation", "conversation 1", at(2)),
    )

    assert answers == [Done(), Conflict("the conversation is already closed")]
    assert rows(AuditEntry, AuditEntry.at, AuditEntry.who, AuditEntry.what, AuditEntry.about) == [
        (at(1), "ada", "closed the conversation", "conversation 1")
    ]


def test_notes_come_and_go_and_end_with_the_conversation(desk: Desk) -> None:
    desk.receive("m1")
    added = AddNote(1, "ada", "waits for a refund", at(1), receipt=Future())

    assert desk.answers(added, AddNote(9, "ada", "nobody", at(1), receipt=Future())) == [
        Done(1),
        NotFound(),
    ]
    assert rows(Note, Note.author, Note.text) == [("ada", "waits for a refund")]
    assert desk.answers(RemoveNote(1, receipt=Future()), RemoveNote(1, receipt=Future())) == [
        Done(),
        NotFound(),
    ]

    desk.do(added)
    Conversation.delete().execute()
    assert rows(Note) == []


def test_a_conversation_is_never_read_earlier_than_it_was(desk: Desk) -> None:
    desk.receive("m1")

    desk.do(MarkRead(1, at(20)), MarkRead(1, at(10)))

    assert rows(Conversation, Conversation.read_at) == [(at(20),)]


def test_two_operators_cannot_have_one_name(desk: Desk) -> None:
    ada(desk)

    taken = desk.answers(AddOperator("ada", OperatorRole.READS, "other", at(1), receipt=Future()))

    assert taken == [Conflict("this name is already taken")]
    assert rows(Operator, Operator.name, Operator.role) == [("ada", "answers")]


def test_a_changed_operator_must_log_in_again(desk: Desk) -> None:
    operator_id = ada(desk)
    assert logs_in(desk, operator_id) == [Done()]

    desk.do(ChangeOperator(operator_id, role=OperatorRole.READS))

    assert Login.select().count() == 0
    assert rows(Operator, Operator.role, Operator.password_hash) == [("reads", "hash")]
    assert desk.answers(ChangeOperator(99, receipt=Future())) == [NotFound()]


def test_a_password_that_changed_meanwhile_opens_nothing(desk: Desk) -> None:
    operator_id = ada(desk)
    desk.do(ChangeOperator(operator_id, password_hash="new"))

    assert logs_in(desk, operator_id) == [NotFound()]
    assert logs_in(desk, operator_id, password_hash="new") == [Done()]


def test_logins_end_by_logging_out_by_their_time_and_with_their_operator(desk: Desk) -> None:
    operator_id = ada(desk)
    logs_in(desk, operator_id, "first")
    logs_in(desk, operator_id, "second")
    desk.do(CloseLogin("second"))
    assert [login.key for login in Login.select()] == ["first"]

    logs_in(desk, operator_id, "third", seconds=3600)
    assert [login.key for login in Login.select()] == ["third"]

    assert desk.answers(RemoveOperator(operator_id, receipt=Future())) == [Done()]
    assert desk.answers(RemoveOperator(operator_id, receipt=Future())) == [NotFound()]
    assert Login.select().count() == 0


def test_who_changes_her_own_password_stays_logged_in_where_she_is(desk: Desk) -> None:
    operator_id = ada(desk)
    logs_in(desk, operator_id, "here")
    logs_in(desk, operator_id, "elsewhere")

    change = ChangeOwnPassword(operator_id, "hash", "new", "here", receipt=Future())
    assert desk.answers(change) == [Done()]

    assert Operator.get().password_hash == "new"
    assert [row.key for row in Login.select()] == ["here"]


def test_a_password_that_changed_meanwhile_is_not_changed_again(desk: Desk) -> None:
    operator_id = ada(desk)
    logs_in(desk, operator_id, "here")
    logs_in(desk, operator_id, "elsewhere")

    change = ChangeOwnPassword(operator_id, "older", "new", "here", receipt=Future())
    assert desk.answers(change) == [Conflict("the password was changed in the meantime")]

    assert Operator.get().password_hash == "hash"
    assert Login.select().count() == 2
