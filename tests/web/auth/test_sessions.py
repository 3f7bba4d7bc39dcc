"""Sessions opened by the link: they are shown, listed and ended."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.storage.db.operator_tables import AuditEntry, Login
from moca.web.app import create_app
from moca.web.config import WebConfig, WebPorts
from tests.support.values import id_of, present
from tests.web.conftest import TOKEN, Backend
from tests.web.forms import SAME_ORIGIN, csrf_token_of, sends
from tests.web.rows import AT, after

HEADERS = SAME_ORIGIN


def opens_link(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert client.get("/", query_string={"token": TOKEN}).status_code == 303
    return client


def audited() -> list[tuple[str, int | None, str, str]]:
    query = AuditEntry.select().order_by(AuditEntry.id)
    return [(row.who, row.who_id, row.what, row.about) for row in query]


@pytest.fixture
def app_with(
    database: peewee.Database, backend: Backend, config: WebConfig
) -> Callable[..., Flask]:
    """Builds the application with other settings, over the same database."""

    def made(**changes: Any) -> Flask:
        ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
        return create_app(ports, replace(config, **changes))

    return made


def test_two_browsers_that_open_the_link_at_once_have_sessions_of_their_own(app: Flask) -> None:
    one, other = opens_link(app), opens_link(app)

    cookies = {present(each.get_cookie("moca_session")).value for each in (one, other)}
    assert len(cookies) == 2
    rows = list(Login.select().order_by(Login.id))
    assert [(id_of(row, "operator"), row.address, row.opened_at) for row in rows] == [
        (None, "127.0.0.1", AT)
    ] * 2
    assert not cookies & {row.key for row in rows}


def test_a_link_session_logs_out_on_every_page_and_a_copy_of_it_too(app: Flask) -> None:
    client, copy = opens_link(app), app.test_client()
    copy.set_cookie("moca_session", present(client.get_cookie("moca_session")).value)
    assert copy.get("/").status_code == 200
    for page in ("/", "/queue", "/users", "/sandbox"):
        assert "Log out" in client.get(page).text

    data = {"csrf_token": csrf_token_of(client, "/")}
    assert client.post("/logout", data=data, headers=HEADERS).status_code == 303

    assert [each.get("/").status_code for each in (client, copy)] == [401, 401]


def test_an_administrator_sees_link_sessions_and_ends_one(
    app: Flask, backend: Backend, frozen: FrozenDateTimeFactory
) -> None:
    administrator, other = opens_link(app), opens_link(app)
    frozen.tick(timedelta(minutes=10))
    other.get("/")

    page = administrator.get("/users").text
    assert "Session 1 (this browser) from 127.0.0.1" in page
    assert "Session 2 from 127.0.0.1" in page
    assert [row.seen_at for row in Login.select().order_by(Login.id)] == [after(600)] * 2

    answer = sends(administrator, "/users/sessions/2/end")

    assert answer.status_code == 303
    assert (administrator.get("/").status_code, other.get("/").status_code) == (200, 401)
    assert audited() == [
        ("link", None, "logged in with the link", "session 1 (from 127.0.0.1)"),
        ("link", None, "logged in with the link", "session 2 (from 127.0.0.1)"),
        ("link", 1, "logged out a browser", "session 2"),
    ]


def test_a_session_is_marked_as_seen_at_most_once_in_ten_minutes(
    app: Flask, frozen: FrozenDateTimeFactory
) -> None:
    client = opens_link(app)
    frozen.tick(timedelta(minutes=9))
    client.get("/")
    assert Login.get().seen_at == AT


def test_another_token_ends_every_session_of_the_link(
    app: Flask, app_with: Callable[..., Flask]
) -> None:
    client = opens_link(app)
    changed = app_with(api_token="another-api-token").test_client()
    changed.set_cookie("moca_session", present(client.get_cookie("moca_session")).value)

    assert changed.get("/").status_code == 401


def test_a_session_that_could_not_be_stored_is_not_opened(
    stranger: FlaskClient, backend: Backend
) -> None:
    backend.refuses = RuntimeError("the system is stopping")

    answer = stranger.get("/", query_string={"token": TOKEN})

    assert (answer.status_code, stranger.get_cookie("moca_session")) == (503, None)


@pytest.mark.parametrize("changes", [{"live": True}, {"public_origin": "https://moca.example"}])
def test_over_tls_the_cookie_is_this_hosts_alone(
    app_with: Callable[..., Flask], changes: dict[str, bool | str]
) -> None:
    client = app_with(**changes).test_client()

    answer = client.get("/", query_string={"token": TOKEN})

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-moca_session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert client.get("/").status_code == 200


def test_what_one_session_sealed_is_worth_nothing_in_another(
    app: Flask, app_with: Callable[..., Flask]
) -> None:
    """The token signs nothing: with the same token another session's signature differs."""
    one, other = opens_link(app), opens_link(app)

    assert csrf_token_of(one) != csrf_token_of(other)
    data = {"csrf_token": csrf_token_of(one)}
    assert other.post("/logout", data=data, headers=HEADERS).status_code == 403


def test_a_session_lives_on_after_a_restart_and_on_another_node(
    app: Flask, app_with: Callable[..., Flask]
) -> None:
    client = opens_link(app)
    restarted = app_with().test_client()
    restarted.set_cookie("moca_session", present(client.get_cookie("moca_session")).value)

    assert restarted.get("/").status_code == 200
    assert (
        restarted.post(
            "/logout", data={"csrf_token": csrf_token_of(client, "/")}, headers=HEADERS
        ).status_code
        == 303
    )
