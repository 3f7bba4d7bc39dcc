from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.messages.command import AwaitedCommand, Done
from moca.core.messages.operators import (
    CloseLogin,
    OpenLogin,
)
from moca.core.types import fold_name
from moca.storage.db.operator_tables import Login, Operator
from tests.support.values import only
from tests.web.api.test_accounts import an_account
from tests.web.conftest import CHEAP, Backend
from tests.web.forms import SAME_ORIGIN, csrf_token_of, sends
from tests.web.rows import AT, a_conversation

PASSWORD = "correct horse battery"
HASHED = CHEAP.hash(PASSWORD)


def an_operator(name: str = "ada", role: str = "answers") -> Operator:
    folded = fold_name(name)
    return Operator.create(
        name=name, folded_name=folded, role=role, password_hash=HASHED, created_at=AT
    )


def keep_logins(backend: Backend) -> None:
    """Store logins as the database would."""

    def carried_out(command: AwaitedCommand) -> Done:
        if isinstance(command, OpenLogin):
            Login.create(
                key=command.key,
                operator=command.operator_id,
                address=command.address,
                opened_at=command.at,
                seen_at=command.at,
                ends_at=command.until,
            )
        if isinstance(command, CloseLogin):
            Login.delete().where(Login.key == command.key).execute()
        return Done()

    backend.answer = carried_out


def logs_in(
    client: FlaskClient,
    name: str = "ada",
    password: str = PASSWORD,
    headers: dict[str, str] = SAME_ORIGIN,
) -> TestResponse:
    return client.post("/login", data={"name": name, "password": password}, headers=headers)


@pytest.fixture
def operator(app: Flask, backend: Backend) -> Callable[[str], FlaskClient]:
    """Returns a browser in which an operator with this role has logged in."""

    def logged_in(role: str) -> FlaskClient:
        an_operator(f"who {role}", role)
        keep_logins(backend)
        client = app.test_client()
        assert logs_in(client, f"who {role}").status_code == 303
        backend.commands.clear()
        backend.audited.clear()
        return client

    return logged_in


def test_an_operator_logs_in_and_out(app: Flask, backend: Backend) -> None:
    ada = an_operator()
    keep_logins(backend)
    client = app.test_client()

    answer = logs_in(client)

    cookie = answer.headers["Set-Cookie"]
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    opened = only(backend.commands, OpenLogin)
    assert (opened.operator_id, opened.until - opened.at) == (ada.id, timedelta(days=30))
    assert opened.key not in cookie
    assert backend.audited == [("ada", "logged in", "")]
    page = client.get("/").text
    assert "ada" in page
    assert "Log out" in page

    csrf_token = csrf_token_of(client, "/")
    assert (
        client.post("/logout", data={"csrf_token": csrf_token}, headers=SAME_ORIGIN).status_code
        == 303
    )
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    ("role", "begins_with"),
    [("answers", "Needs reply"), ("reads", "All open"), ("administers", "All open")],
)
def test_the_inbox_begins_with_the_work_of_the_role(
    operator: Callable[[str], FlaskClient], role: str, begins_with: str
) -> None:
    page = operator(role).get("/").text

    assert f'aria-current="page">{begins_with}' in page.split('aria-label="Work lists"')[1]


def test_a_login_that_was_revoked_or_is_over_lets_nobody_in(
    operator: Callable[[str], FlaskClient], frozen: FrozenDateTimeFactory
) -> None:
    client = operator("answers")
    assert client.get("/").status_code == 200

    frozen.tick(timedelta(days=30))
    assert client.get("/").status_code == 401

    frozen.move_to(AT)
    Login.delete().execute()
    assert client.get("/").status_code == 401


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", ""), ("a\x00", PASSWORD)]
)
def test_a_wrong_name_or_password_is_not_told_apart(
    app: Flask, backend: Backend, name: str, password: str
) -> None:
    an_operator()

    answer = logs_in(app.test_client(), name, password)

    assert answer.status_code == 403
    assert "Incorrect name or password." in answer.text
    assert backend.commands == []


def test_who_guesses_must_wait_and_others_need_not(
    app: Flask, backend: Backend, frozen: FrozenDateTimeFactory
) -> None:
    an_operator()
    keep_logins(backend)
    guesser = app.test_client()

    assert [logs_in(guesser, password="guess").status_code for _ in range(6)] == [403] * 5 + [429]
    assert "Try again in 15 min" in logs_in(guesser).text
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert logs_in(elsewhere).status_code == 303

    frozen.tick(timedelta(minutes=15))
    assert logs_in(guesser).status_code == 303


def test_who_is_refused_in_one_place_shuts_nobody_out_elsewhere(
    app: Flask, backend: Backend
) -> None:
    an_operator()
    keep_logins(backend)
    guesser, ada = app.test_client(), app.test_client()
    ada.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    statuses = [logs_in(guesser, password="guess").status_code for _ in range(40)]
    assert statuses == [403] * 5 + [429] * 35
    assert [logs_in(ada).status_code for _ in range(40)] == [303] * 40


def test_nobody_is_logged_in_from_another_site(app: Flask) -> None:
    an_operator()

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {}):
        assert logs_in(app.test_client(), headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("reads", (200, 403, 403, 403, 403, 403, 403)),
        ("answers", (200, 303, 200, 403, 403, 403, 403)),
        ("administers", (200, 303, 200, 200, 202, 200, 303)),
    ],
)
def test_everybody_may_do_what_their_role_says(
    operator: Callable[[str], FlaskClient], role: str, statuses: tuple[int, ...]
) -> None:
    a_conversation()
    an_account(account_id="9")
    client = operator(role)

    assert statuses == (
        client.get("/conversations/1").status_code,
        sends(client, "/conversations/1/messages", token_from="/", text="Hi").status_code,
        client.post("/api/conversations/1/pause", headers=SAME_ORIGIN).status_code,
        client.delete("/api/accounts/9", headers=SAME_ORIGIN).status_code,
        client.delete("/api/contacts/700", headers=SAME_ORIGIN).status_code,
        client.get("/users").status_code,
        sends(client, "/users/1/right", token_from="/", right="administers").status_code,
    )


def test_who_only_reads_sees_nothing_to_press(operator: Callable[[str], FlaskClient]) -> None:
    a_conversation()

    page = operator("reads").get("/conversations/1?closed=1&done_at=1").text

    assert "Take over" not in page
    assert ">Undo<" not in page
    assert "<textarea" not in page
    assert 'href="/users"' not in page


def test_who_only_reads_leaves_it_unread(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    a_conversation(last_user_message_at=AT)

    operator("reads").get("/conversations/1")

    assert backend.commands == []


@pytest.mark.parametrize(("role", "status"), [("answers", 403), ("administers", 200)])
def test_only_administrators_erase_contacts(
    operator: Callable[[str], FlaskClient], role: str, status: int
) -> None:
    contact = a_conversation().contact
    address = f"/contacts/{contact.account_id}/{contact.psid}/erase"

    client = operator(role)
    assert client.get(address).status_code == status
    assert (address in client.get("/conversations/1").text) == (status == 200)
