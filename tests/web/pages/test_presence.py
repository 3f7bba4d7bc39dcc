import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.web import presence
from tests.web.auth.test_login import an_operator, keep_logins, logs_in
from tests.web.conftest import Backend
from tests.web.forms import SAME_ORIGIN
from tests.web.rows import a_contact, a_conversation

HERE = "/conversations/1"
LIST = "/?list=all_open"
POLL = {"X-Moca-Live": "1", **SAME_ORIGIN}
WRITES = {**POLL, "X-Moca-Writing": "1"}


@pytest.fixture
def enter(app: Flask, backend: Backend) -> Callable[..., FlaskClient]:
    """Logs operators in, each in a browser of their own."""

    def entered(name: str, role: str = "answers") -> FlaskClient:
        keep_logins(backend)
        browser = app.test_client()
        assert logs_in(browser, name if an_operator(name, role) else "").status_code == 303
        return browser

    return entered


def told(browser: FlaskClient, path: str = HERE, headers: dict[str, str] = POLL) -> dict[str, str]:
    """Return what a refresh tells of others."""
    found: dict[str, str] = json.loads(
        browser.get(path, headers=headers).headers["X-Moca-Presence"]
    )
    return found


def line_of(browser: FlaskClient) -> str:
    """Return the line above the composer, as the whole page has it."""
    return browser.get(HERE).text.split('id="presence"')[1].split(">")[1].split("<")[0]


def test_others_see_who_looks_and_who_writes_and_no_one_themselves(
    enter: Callable[..., FlaskClient],
) -> None:
    a_conversation()
    ana, ben, cleo = enter("ana"), enter("ben"), enter("cleo")

    assert told(ana) == {}
    assert told(ben, headers=WRITES) == {"1": "ana is looking"}
    assert told(cleo) == {"1": "ben is writing · ana is looking"}
    assert told(ana) == {"1": "ben is writing · cleo is looking"}
    assert told(ben, LIST) == {"1": "ana and cleo are looking"}
    assert line_of(ana) == "ben is writing · cleo is looking"


def test_it_comes_with_a_refresh_that_changes_nothing_and_costs_no_rendering(
    enter: Callable[..., FlaskClient],
) -> None:
    a_conversation()
    ana, ben = enter("ana"), enter("ben")
    tag = ana.get(HERE, headers=POLL).headers["ETag"]
    told(ben)

    answer = ana.get(HERE, headers={**POLL, "If-None-Match": tag})

    assert (answer.status_code, answer.headers["X-Moca-Presence"]) == (
        304,
        '{"1": "ben is looking"}',
    )


def test_it_ends_some_seconds_after_the_last_refresh(
    enter: Callable[..., FlaskClient], frozen: FrozenDateTimeFactory
) -> None:
    a_conversation()
    ana, ben = enter("ana"), enter("ben")
    told(ben, headers=WRITES)
    seen = []
    for _ in range(6):
        frozen.tick(timedelta(seconds=2))
        seen.append(told(ana).get("1"))

    assert seen == ["ben is writing"] * 2 + ["ben is looking"] * 2 + [None] * 2


def test_two_tabs_of_one_operator_count_once(app: Flask, enter: Callable[..., FlaskClient]) -> None:
    a_conversation()
    ana, ben = enter("ana"), enter("ben")
    second = app.test_client()
    logs_in(second, "ben")

    told(ben, headers=WRITES)
    assert told(second) == {}
    assert told(ana) == {"1": "ben is writing"}


def test_a_viewer_is_seen_looking_and_never_writing(enter: Callable[..., FlaskClient]) -> None:
    a_conversation()
    ana, vera = enter("ana"), enter("vera", "reads")

    assert told(vera, headers=WRITES) == {}
    assert told(ana) == {"1": "vera is looking"}
    assert told(vera) == {"1": "ana is looking"}


def test_browsers_with_the_link_are_seen_and_the_api_token_is_not(
    browser_session: FlaskClient, client: FlaskClient, enter: Callable[..., FlaskClient]
) -> None:
    a_conversation()
    told(client, headers=WRITES)
    assert told(browser_session) == {}

    assert told(enter("ana")) == {"1": "Administrator (link) is looking"}
    assert told(client) == {"1": "Administrator (link) and ana are looking"}


def test_only_refreshes_of_what_exists_count(
    enter: Callable[..., FlaskClient], stranger: FlaskClient
) -> None:
    a_conversation()
    ana, ben = enter("ana"), enter("ben")
    ben.get(HERE)
    assert ben.get("/conversations/2", headers=POLL).status_code == 404
    assert stranger.get(HERE, headers=WRITES).status_code == 401

    assert told(ana, LIST) == {}
    assert "X-Moca-Presence" not in ana.get(HERE).headers


@pytest.mark.parametrize("name", ['"><script>', "é\u202eña", "😀" * 80])
def test_a_name_can_break_neither_header_nor_page(
    enter: Callable[..., FlaskClient], name: str
) -> None:
    a_conversation()
    ana, other = enter("ana"), enter(name)
    told(other)

    assert told(ana) == {"1": f"{name} is looking"}
    assert "<script>" not in line_of(ana)


def test_what_is_held_and_told_is_bounded(
    enter: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "_MAX_CONVERSATIONS", 60)
    numbers = [a_conversation(a_contact(psid=str(psid))).id for psid in range(70)]
    ana, ben = enter("ana"), enter("b" * 80)
    for number in numbers:
        told(ben, f"/conversations/{number}")

    text = ana.get(f"/conversations/{numbers[15]}", headers=POLL).headers["X-Moca-Presence"]

    shown = list(map(int, json.loads(text)))
    assert (shown, len(text) < 2_100) == ([numbers[15], *numbers[: -len(shown) : -1]], True)
    assert numbers[5] not in map(int, told(ana, f"/conversations/{numbers[5]}"))
