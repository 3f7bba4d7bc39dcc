import pytest
from flask.testing import FlaskClient

from moca.core.messages.operators import (
    AddOperator,
    ChangeOperator,
    RemoveOperator,
)
from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import AuditEntry
from moca.web.auth.passwords import is_right
from tests.support.values import of_kind
from tests.web.auth.test_login import HASHED, PASSWORD, an_operator
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import AT


def test_an_administrator_adds_changes_and_removes_operators(
    browser_session: FlaskClient, backend: Backend
) -> None:
    ada = an_operator()

    sends(browser_session, "/users", name="ben", right="reads", password=PASSWORD)
    sends(browser_session, f"/users/{ada.id}/right", right="administers")
    sends(browser_session, f"/users/{ada.id}/password", password=PASSWORD)
    sends(browser_session, f"/users/{ada.id}/remove")

    added, role, password, removed = backend.commands
    assert (
        type(added),
        of_kind(added, AddOperator).name,
        of_kind(added, AddOperator).role,
        of_kind(added, AddOperator).at,
    ) == (
        AddOperator,
        "ben",
        OperatorRole.READS,
        AT,
    )
    assert is_right(PASSWORD, of_kind(added, AddOperator).password_hash)
    assert role == ChangeOperator(ada.id, role=OperatorRole.ADMINISTERS, name="ada")
    assert is_right(PASSWORD, of_kind(password, ChangeOperator).password_hash)
    assert removed == RemoveOperator(ada.id, name="ada")
    assert [what for _, what, _ in backend.audited] == [
        "added a user",
        "changed a role to Admin",
        "changed a user's password",
        "removed a user",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "right": "reads", "password": PASSWORD},
        {"name": "x" * 81, "right": "reads", "password": PASSWORD},
        {"name": "ben", "right": "owns", "password": PASSWORD},
        {"name": "ben", "right": "reads", "password": "short"},
        {"name": "ben", "right": "reads", "password": "x" * 201},
    ],
)
def test_an_operator_needs_a_name_a_right_and_a_password(
    browser_session: FlaskClient, backend: Backend, fields: dict[str, str]
) -> None:
    assert sends(browser_session, "/users", fields).status_code == 422
    assert backend.commands == []


def test_the_audit_trail_tells_who_did_what(browser_session: FlaskClient) -> None:
    for number in range(60):
        AuditEntry.create(at=AT, who="ada", what=f"entry {number}", about="conversation 1")

    page = browser_session.get("/users").text
    assert "entry 59" in page
    assert "entry 9<" not in page
    older = page.split('class="button button-plain" href="')[1].split('"')[0]
    assert "entry 9<" in browser_session.get(older).text


def test_a_password_is_neither_kept_nor_shown(browser_session: FlaskClient) -> None:
    ada = an_operator()

    assert PASSWORD not in ada.password_hash
    assert HASHED not in browser_session.get("/users").text
    assert ada.password_hash.startswith("$argon2id$")


def test_removing_a_user_asks_first(browser_session: FlaskClient, backend: Backend) -> None:
    ada = an_operator()

    assert f'href="/users/{ada.id}/remove"' in browser_session.get("/users").text
    assert "Remove ada?" in browser_session.get(f"/users/{ada.id}/remove").text
    assert backend.commands == []


@pytest.mark.parametrize("password", ["1234567890", "ada lovelace"])
def test_a_password_that_is_easy_to_guess_is_refused(
    browser_session: FlaskClient, backend: Backend, password: str
) -> None:
    name = "ada lovelace"

    answer = sends(browser_session, "/users", name=name, right="reads", password=password)

    assert (answer.status_code, backend.commands) == (422, [])
