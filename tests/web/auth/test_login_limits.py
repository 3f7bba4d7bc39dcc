"""Limits, costs, redirects and records of logins."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.web.app import create_app
from moca.web.auth import passwords
from moca.web.auth.next_page import local_path
from moca.web.config import WebConfig, WebPorts
from tests.web.auth.test_login import PASSWORD, an_operator, keep_logins, logs_in
from tests.web.conftest import TOKEN, Backend
from tests.web.forms import SAME_ORIGIN


def wrong_tokens(
    client: FlaskClient, count: int, token: str = "wrong", address: str = "127.0.0.1"
) -> list[int]:
    headers = {"Authorization": f"Bearer {token}"}
    place = {"REMOTE_ADDR": address}
    return [
        client.get("/api/queue", headers=headers, environ_base=place).status_code
        for _ in range(count)
    ]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed."""
    tried = []
    hasher = passwords._HASHER

    class RecordingHasher:
        def hash(self, password: str) -> str:
            return hasher.hash(password)

        def verify(self, hash_: str, password: str) -> bool:
            tried.append(password)
            return hasher.verify(hash_, password)

    monkeypatch.setattr(passwords, "_HASHER", RecordingHasher())
    return tried


def test_wrong_tokens_are_limited_by_address(
    stranger: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    assert wrong_tokens(stranger, 21) == [401] * 20 + [429]
    answer = stranger.get("/", query_string={"token": "wrong"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    assert wrong_tokens(stranger, 1, address="192.0.2.7") == [401]

    frozen.tick(timedelta(minutes=5))
    assert wrong_tokens(stranger, 1) == [401]


def test_who_knows_the_token_is_not_shut_out_by_those_who_guess(
    stranger: FlaskClient, client: FlaskClient
) -> None:
    wrong_tokens(stranger, 30)

    assert client.get("/api/queue").status_code == 200
    assert stranger.get("/", query_string={"token": TOKEN}).status_code == 303


def test_who_knows_how_the_token_begins_may_not_guess_on(
    stranger: FlaskClient, client: FlaskClient
) -> None:
    """Neither is the end of it found by trying, nor its beginning by how it is refused."""
    assert wrong_tokens(stranger, 21, "the-api-guess") == [401] * 20 + [429]
    assert client.get("/api/queue").status_code == 429

    wrong_tokens(stranger, 20, address="192.0.2.7")
    assert wrong_tokens(stranger, 1, "the-api-guess", "192.0.2.7") == [429]


def test_a_token_opens_a_session_by_a_form_that_leaves_it_in_no_address(
    app: Flask, stranger: FlaskClient
) -> None:
    answer = stranger.post("/login/token", data={"token": TOKEN}, headers=SAME_ORIGIN)

    assert (answer.status_code, answer.location) == (303, "/")
    assert stranger.get("/").status_code == 200
    wrong = app.test_client().post("/login/token", data={"token": "x"}, headers=SAME_ORIGIN)
    assert (wrong.status_code, "Incorrect token." in wrong.text) == (403, True)
    elsewhere = app.test_client().post("/login/token", data={"token": TOKEN})
    assert elsewhere.status_code == 403


def test_names_that_nobody_has_are_refused_before_they_cost_a_hash(
    app: Flask, hashed: list[str]
) -> None:
    client = app.test_client()

    statuses = [logs_in(client, f"name {number}", "guess").status_code for number in range(80)]

    assert statuses == [403] * 20 + [429] * 60
    assert len(hashed) == 20


def test_a_flood_is_refused_before_the_database_is_asked(
    app: Flask, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    for number in range(20):
        logs_in(client, f"name {number}", "guess")

    def asked() -> NoReturn:
        raise AssertionError("the database was asked")

    monkeypatch.setattr(database, "connection_context", asked)

    assert logs_in(client, "another", "guess").status_code == 429


def test_logins_from_everywhere_are_limited_together(
    app: Flask, hashed: list[str], frozen: FrozenDateTimeFactory
) -> None:
    client = app.test_client()
    statuses = []
    for number in range(80):
        client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        statuses.append(logs_in(client, f"name {number}", "guess").status_code)

    assert statuses == [403] * 60 + [429] * 20
    assert len(hashed) == 60
    frozen.tick(timedelta(minutes=1))
    assert logs_in(client, "another", "guess").status_code == 403


def test_who_must_wait_is_told_in_a_header_too(app: Flask) -> None:
    client = app.test_client()
    for _ in range(5):
        logs_in(client, password="guess")

    answer = logs_in(client, password="guess")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "Too many attempts. Try again in 15 min." in answer.text


def test_a_login_does_not_wait_for_others_to_be_hashed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_AT_ONCE", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "_PATIENCE", timedelta(0))
    an_operator()

    with passwords._turn():
        answer = logs_in(app.test_client())

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert "Try again in 1 s." in answer.text


def test_a_browser_that_logged_in_before_is_not_shut_out_by_those_who_guess(
    app: Flask, backend: Backend
) -> None:
    an_operator()
    keep_logins(backend)
    known, guesser = app.test_client(), app.test_client()
    assert logs_in(known).status_code == 303
    for number in range(40):
        guesser.environ_base["REMOTE_ADDR"] = f"192.0.2.{number % 7}"
        logs_in(guesser, password="guess")

    assert logs_in(app.test_client()).status_code == 429
    assert logs_in(known).status_code == 303


def test_a_known_browser_may_guess_no_more_than_any_other(app: Flask, backend: Backend) -> None:
    an_operator()
    keep_logins(backend)
    known = app.test_client()
    logs_in(known)

    assert [logs_in(known, password="x").status_code for _ in range(6)] == [403] * 5 + [429]


@pytest.mark.parametrize("shown", ["", ".", "made-up.made-up", "x" * 300])
def test_a_cookie_that_was_made_up_makes_no_browser_known(
    app: Flask, backend: Backend, shown: str
) -> None:
    ada = an_operator()
    keep_logins(backend)
    guesser = app.test_client()
    guesser.set_cookie(f"moca_browser_{ada.id}", shown)

    assert [logs_in(guesser, password="x").status_code for _ in range(6)] == [403] * 5 + [429]


def test_the_client_behind_a_trusted_proxy_is_counted_and_not_the_proxy(
    database: peewee.Database, backend: Backend, config: WebConfig
) -> None:
    an_operator()
    keep_logins(backend)
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    app = create_app(ports, replace(config, trusted_proxies=("127.0.0.1",)))
    client = app.test_client()

    def tries(address: str, password: str | int) -> int:
        headers = SAME_ORIGIN | {"X-Forwarded-For": f"198.51.100.{password}, {address}"}
        return logs_in(client, password=str(password), headers=headers).status_code

    assert [tries("203.0.113.7", number) for number in range(6)] == [403] * 5 + [429]
    assert tries("203.0.113.8", PASSWORD) == 303


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/queue", "/queue"),
        ("/?status=human&cursor=x", "/?status=human&cursor=x"),
        ("/messages/a%2Fb", "/messages/a%2Fb"),
        ("", "/"),
        ("queue", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "x" * 2000, "/"),
    ],
)
def test_a_login_leads_only_to_a_page_of_ours(asked: str, path: str) -> None:
    assert local_path(asked) == path


def test_after_logging_in_one_goes_where_one_was_going(app: Flask, backend: Backend) -> None:
    an_operator()
    keep_logins(backend)
    client = app.test_client()

    door = client.get("/queue?status=failed")
    assert 'href="/login?next=%2Fqueue%3Fstatus%3Dfailed"' in door.text
    form = client.get("/login?next=%2Fqueue%3Fstatus%3Dfailed").text
    assert 'name="next" value="/queue?status=failed"' in form

    data = {"name": "ada", "password": PASSWORD, "next": "/queue?status=failed"}
    answer = client.post("/login", data=data, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.location) == (303, "/queue?status=failed")
    data |= {"next": "https://evil.example/"}
    assert client.post("/login", data=data, headers=SAME_ORIGIN).location == "/"
