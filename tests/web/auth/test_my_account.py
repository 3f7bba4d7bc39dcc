from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.messages.operators import ChangeOwnPassword
from moca.storage.db.operator_tables import Login
from moca.web.auth.passwords import is_right
from tests.support.values import of_kind, only
from tests.web.auth.test_login import HASHED, PASSWORD, operator
from tests.web.conftest import Backend
from tests.web.forms import SAME_ORIGIN, sends

__all__ = ["operator"]
NEW_PASSWORD = "a longer way to say it"


def changes_it(client: FlaskClient, old: str = PASSWORD, new: str = NEW_PASSWORD) -> TestResponse:
    return sends(client, "/me/password", token_from="/me", old=old, new=new)


@pytest.mark.parametrize("role", ["reads", "answers", "administers"])
def test_operators_change_their_own_password_whatever_their_role(
    operator: Callable[[str], FlaskClient], backend: Backend, role: str
) -> None:
    client = operator(role)

    answer = changes_it(client)

    change = only(backend.commands, ChangeOwnPassword)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me?changed=1")
    assert (change.old_hash, change.kept_key) == (HASHED, Login.get().key)
    assert is_right(NEW_PASSWORD, change.new_hash)
    assert backend.audited == [(f"who {role}", "changed their password", "")]
    assert "Password changed." in client.get("/me?changed=1").text


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ("wrong", NEW_PASSWORD, 403, "Incorrect current password."),
        ("", NEW_PASSWORD, 403, "Incorrect current password."),
        (PASSWORD, "short", 422, "new: must be 10 to 200 characters long"),
        (PASSWORD, "x" * 201, 422, "new: must be 10 to 200 characters long"),
    ],
)
def test_it_takes_the_old_password_and_a_good_new_one(
    operator: Callable[[str], FlaskClient],
    backend: Backend,
    old: str,
    new: str,
    status: int,
    said: str,
) -> None:
    answer = changes_it(operator("reads"), old, new)

    assert (answer.status_code, backend.commands) == (status, [])
    assert said in answer.text


def test_nobody_guesses_the_old_password_in_an_open_browser(
    operator: Callable[[str], FlaskClient], backend: Backend, frozen: FrozenDateTimeFactory
) -> None:
    client = operator("answers")

    assert [changes_it(client, "guess").status_code for _ in range(5)] == [403] * 5
    answer = changes_it(client)
    assert (answer.status_code, backend.commands) == (429, [])
    assert "Try again in 15 min." in answer.text

    frozen.tick(timedelta(minutes=15))
    assert changes_it(client).status_code == 303


def test_the_link_and_the_token_have_no_password(
    browser_session: FlaskClient, client: FlaskClient, backend: Backend
) -> None:
    new = {"old": PASSWORD, "new": NEW_PASSWORD}

    assert browser_session.get("/me").status_code == 403
    assert changes_it_by_api(browser_session, new).status_code == 403
    assert changes_it_by_api(client, new).status_code == 401
    assert backend.commands == []


def changes_it_by_api(
    client: FlaskClient, body: dict[str, str], headers: dict[str, str] = SAME_ORIGIN
) -> TestResponse:
    return client.post("/api/me/password", json=body, headers=headers)


def test_the_api_changes_it_too_from_our_own_pages_only(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    client, body = operator("reads"), {"old": PASSWORD, "new": NEW_PASSWORD}

    elsewhere = changes_it_by_api(client, body, {"Sec-Fetch-Site": "cross-site"})
    assert (elsewhere.status_code, backend.commands) == (403, [])

    answer = changes_it_by_api(client, body)
    assert answer.json == {"name": "who reads", "right": "reads"}
    assert is_right(NEW_PASSWORD, of_kind(backend.commands[0], ChangeOwnPassword).new_hash)


def test_a_form_that_is_not_sealed_changes_no_password(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    fields = {"old": PASSWORD, "new": NEW_PASSWORD}

    answer = operator("reads").post("/me/password", data=fields, headers=SAME_ORIGIN)

    assert (answer.status_code, backend.commands) == (403, [])
