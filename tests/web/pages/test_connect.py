from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.accounts import Account, LoginKind, SealedToken
from moca.core.messages.accounts import RemoveAccount, StoreAccount
from moca.instagram.oauth import Connected, Grant, LoginFailed
from moca.storage.db.tables import Account as AccountRow
from moca.web.auth.sessions import Sessions
from moca.web.config import WebConfig
from tests.support.values import present
from tests.web.api.test_accounts import commands
from tests.web.conftest import Backend, Meta, ScriptedLogin
from tests.web.forms import sends
from tests.web.pages.test_operations import OURS, an_account
from tests.web.rows import AT

SHOP = Account(account_id="17841400000000002", username="the_shop")


@pytest.fixture
def config(config: WebConfig) -> WebConfig:
    return replace(config, app_id="77", public_origin="https://moca.example")


def begin(browser: FlaskClient, **query: str) -> str:
    """Begin a login; return the state of Meta's redirect."""
    answer = browser.get("/connect", query_string=query)
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.location).query)["state"][0]


def come_back(browser: FlaskClient, state: str, code: str = "the-code") -> TestResponse:
    return browser.get("/connect/callback", query_string={"code": code, "state": state})


def test_a_login_stores_the_account_with_its_token_sealed(
    browser_session: FlaskClient, backend: Backend, login: ScriptedLogin
) -> None:
    login.answer = (Connected(SHOP, Grant("the-token", timedelta(days=60))),)
    answer = come_back(browser_session, begin(browser_session), "the-code#_")
    back = "https://moca.example/connect/callback"
    assert login.asked == [
        (LoginKind.INSTAGRAM_LOGIN, back),
        (LoginKind.INSTAGRAM_LOGIN, "the-code", back),
    ]
    token = SealedToken("sealed:the-token", AT, AT + timedelta(days=60))
    assert commands(backend) == [StoreAccount(SHOP, token, AT, replaces=True)]
    assert answer.status_code == 200
    assert "the_shop" in answer.text
    assert "the-token" not in answer.text


def test_the_flavour_is_kept_through_the_login(
    browser_session: FlaskClient, login: ScriptedLogin
) -> None:
    come_back(browser_session, begin(browser_session, flavour="facebook_login"))
    assert login.asked[1][:2] == (LoginKind.FACEBOOK_LOGIN, "the-code")


def test_a_login_begun_in_another_browser_is_refused(
    app: Flask, browser_session: FlaskClient, backend: Backend, frozen: FrozenDateTimeFactory
) -> None:
    other = app.test_client()
    frozen.tick(1)
    other.get("/", query_string={"token": "the-api-token"})
    answer = come_back(browser_session, begin(other))
    assert (answer.status_code, backend.commands) == (403, [])


@pytest.mark.parametrize("state", ["", "x", "WyJpbnN0YWdyYW1fbG9naW4iLDFd.x"])
def test_a_state_that_was_not_signed_here_is_refused(
    browser_session: FlaskClient, backend: Backend, state: str
) -> None:
    answer = come_back(browser_session, state)
    assert (answer.status_code, backend.commands) == (403, [])


def test_another_thing_signed_for_this_session_is_no_state(
    app: Flask, browser_session: FlaskClient, backend: Backend
) -> None:
    cookie = present(browser_session.get_cookie("__Host-moca_session"))
    with app.test_request_context(headers={"Cookie": f"__Host-moca_session={cookie.value}"}):
        seal = Sessions(is_secure=True).sign("form")
    answer = come_back(browser_session, seal)
    assert (answer.status_code, backend.commands) == (403, [])


def test_a_login_must_end_within_a_quarter_of_an_hour(
    browser_session: FlaskClient, login: ScriptedLogin, frozen: FrozenDateTimeFactory
) -> None:
    state = begin(browser_session)
    frozen.tick(timedelta(minutes=15, seconds=1))
    assert come_back(browser_session, state).status_code == 403


def test_what_meta_refused_is_said(
    browser_session: FlaskClient, backend: Backend, login: ScriptedLogin
) -> None:
    login.answer = LoginFailed("the exchange of the code was refused with HTTP 400")
    answer = come_back(browser_session, begin(browser_session))
    assert (answer.status_code, backend.commands) == (502, [])
    assert "HTTP 400" in answer.text


def test_a_login_that_the_owner_broke_off_says_so(browser_session: FlaskClient) -> None:
    state = begin(browser_session)
    answer = browser_session.get(
        "/connect/callback", query_string={"error": "access_denied", "state": state}
    )
    assert answer.status_code == 400


def test_strangers_cannot_connect_accounts(stranger: FlaskClient) -> None:
    assert stranger.get("/connect").status_code == 401
    assert stranger.get("/connect/callback").status_code == 401


def test_an_unknown_flavour_is_named(browser_session: FlaskClient) -> None:
    answer = browser_session.get("/connect", query_string={"flavour": "other"})
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/accounts", "/start"])
def test_connecting_is_offered_where_it_is_possible(
    browser_session: FlaskClient, path: str
) -> None:
    assert 'href="/connect"' in browser_session.get(path).text


def test_an_account_whose_token_died_says_so_on_its_page(browser_session: FlaskClient) -> None:
    an_account()
    AccountRow.update(status="dead", because="the token was revoked").execute()

    page = browser_session.get("/accounts").text

    assert "Cannot send" in page
    assert "the token was revoked" in page


def test_an_account_is_removed_after_a_question(
    browser_session: FlaskClient, backend: Backend, meta: Meta
) -> None:
    an_account()
    path = f"/accounts/{OURS}/remove"
    assert "deletes its access token" in browser_session.get(path).text
    assert meta.unsubscribed == []
    sends(browser_session, path, token_from=path)
    assert backend.commands == [RemoveAccount(OURS, AT)]
    assert meta.unsubscribed == [OURS]


def test_that_webhooks_could_not_be_ended_is_shown_and_the_account_is_removed(
    browser_session: FlaskClient, backend: Backend, meta: Meta
) -> None:
    an_account()
    meta.because = "Graph 190: the token is dead"
    path = f"/accounts/{OURS}/remove"
    answer = sends(browser_session, path, token_from=path)
    assert answer.status_code == 200
    assert meta.because in answer.text
    assert backend.commands == [RemoveAccount(OURS, AT)]
