from concurrent.futures import Future
from datetime import timedelta

import peewee
import pytest

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operators import (
    AddOperator,
    AuditedCommand,
    CloseLogin,
    EndLinkSession,
    MarkLoginSeen,
    OpenLinkSession,
    OpenLogin,
    RecordAudit,
)
from moca.core.types import OperatorRole, is_reserved
from moca.storage.db.operator_tables import AuditEntry, Login, Operator
from moca.storage.db.upgrade import migrate
from moca.storage.queries.operators import (
    LoginRecord,
    find_login,
    find_operator,
    list_audit,
    list_link_sessions,
)
from tests.storage.desk import Desk
from tests.support.databases import run_sql
from tests.support.factory import at
from tests.support.values import present

UNTIL = at(0) + timedelta(days=30)


def opens_link(desk: Desk, key: str, seconds: float = 0, token_hash: str = "token") -> list[object]:
    return desk.answers(
        OpenLinkSession(key, token_hash, "192.0.2.1", at(seconds), UNTIL, receipt=Future())
    )


def session(login_id: int, seconds: float = 0) -> LoginRecord:
    return LoginRecord(
        id=login_id,
        operator=None,
        address="192.0.2.1",
        opened_at=at(0),
        seen_at=at(seconds),
    )


def test_a_session_by_link_is_a_row_that_is_seen_and_can_be_ended(desk: Desk) -> None:
    assert opens_link(desk, "one") == [Done(1)]
    assert opens_link(desk, "two") == [Done(2)]
    desk.do(MarkLoginSeen(2, at(60)), MarkLoginSeen(2, at(30)), MarkLoginSeen(9, at(60)))

    assert list_link_sessions("token", at(60)) == (session(2, 60), session(1))
    assert find_login("two", "token", at(60)) == session(2, 60)

    assert desk.answers(
        EndLinkSession(2, receipt=Future()), EndLinkSession(2, receipt=Future())
    ) == [
        Done(),
        NotFound(),
    ]
    assert find_login("two", "token", at(60)) is None
    desk.do(CloseLogin("one"))
    assert list_link_sessions("token", at(60)) == ()


def test_another_token_ends_the_sessions_of_the_link_and_no_operators(desk: Desk) -> None:
    opens_link(desk, "link")
    desk.do(AddOperator("ada", OperatorRole.READS, "hash", at(0)))
    desk.do(OpenLogin("ada", 1, "hash", at(0), UNTIL, address="192.0.2.2"))

    assert find_login("link", "another token", at(1)) is None
    assert list_link_sessions("another token", at(1)) == ()
    login = present(find_login("ada", "another token", at(1)))
    assert present(login.operator).name == "ada"


def test_a_session_by_link_ends_by_its_time(desk: Desk) -> None:
    opens_link(desk, "link")

    assert find_login("link", "token", UNTIL) is None
    assert list_link_sessions("token", UNTIL) == ()


def test_an_operators_login_is_not_ended_as_a_session_by_link(desk: Desk) -> None:
    desk.do(AddOperator("ada", OperatorRole.READS, "hash", at(0)))
    desk.do(OpenLogin("ada", 1, "hash", at(0), UNTIL))

    assert desk.answers(EndLinkSession(Login.get().id, receipt=Future())) == [NotFound()]


@pytest.mark.parametrize("other", ["Anna", "ANNA", "\uff21nna"])
def test_two_names_must_differ_in_more_than_case(desk: Desk, other: str) -> None:
    desk.do(AddOperator("anna", OperatorRole.READS, "hash", at(0)))

    assert desk.answers(
        AddOperator(other, OperatorRole.READS, "hash", at(1), receipt=Future())
    ) == [Conflict("this name is already taken")]
    assert present(find_operator(other)).name == "anna"


@pytest.mark.parametrize(
    ("name", "is_it"), [("Token", True), ("LINK ", True), ("api", True), ("apia", False)]
)
def test_some_names_are_no_operators(name: str, is_it: bool) -> None:
    assert is_reserved(name) is is_it


def test_the_audit_log_holds_the_numbers_of_who_did_it_and_of_whom_it_made(desk: Desk) -> None:
    adding = AddOperator("ben", OperatorRole.READS, "hash", at(1), receipt=Future())
    desk.do(
        AuditedCommand(adding, "ada", "added a user", "ben, Viewer", at(1), 7, "user"),
        RecordAudit("link", "exported a contact", "contact 3", at(2), 4),
    )

    told = [(each.who, each.who_id, each.what, each.about) for each in list_audit(limit=9).items]
    assert told == [
        ("link", 4, "exported a contact", "contact 3"),
        ("ada", 7, "added a user", "user 1 (ben, Viewer)"),
    ]
    assert AuditEntry.select().count() == 2


def test_operators_of_names_that_differ_in_case_outlive_the_migration(
    new_database: peewee.Database,
) -> None:
    database = new_database
    migrate(database)
    with database.connection_context():
        _as_before(database)
        for name in ("Anna", "anna", "ben"):
            run_sql(
                database,
                "INSERT INTO operator (name, may, password_hash, created_at) "
                f"VALUES ('{name}', 'reads', 'hash', 0)",
            )
    migrate(database)

    with database.connection_context():
        names = list(Operator.select(Operator.name, Operator.folded_name).tuples())
        assert sorted(names, key=str) == [("Anna", "anna"), ("anna", None), ("ben", "ben")]
        assert present(find_operator("anna")).name == "anna"
        assert present(find_operator("ANNA")).name == "Anna"


def _as_before(database: peewee.Database) -> None:
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    for statement in (
        "DELETE FROM migratehistory WHERE name = '026_sessions'",
        'DROP INDEX "operator_folded_name"',
        'ALTER TABLE "operator" DROP COLUMN "folded_name"',
        'ALTER TABLE "audit" DROP COLUMN "who_id"',
        'DROP TABLE "push_target"',
        'DROP TABLE "login"',
        f'CREATE TABLE "login" ("key" VARCHAR(255) PRIMARY KEY, "opened_at" {instant})',
    ):
        run_sql(database, statement)
