from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from tests.web.conftest import TOKEN
from tests.web.rows import a_conversation

API = ("/api/queue", "/api/contacts", "/api/messages/m1", "/api/stats", "/sandbox/state")
PAGES = ("/", "/messages/m1", "/sandbox")


@pytest.mark.parametrize("path", API)
def test_the_api_tells_a_stranger_in_json_what_to_send(stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    message = 'Send "Authorization: Bearer <token>" with the API token or an API key.'
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": message,
        "error": {"code": "unauthorized", "message": message},
    }


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic abc", TOKEN, "Bearer tökén"])
def test_another_token_opens_nothing(stranger: FlaskClient, header: str) -> None:
    answer = stranger.get("/api/queue", headers={"Authorization": header.encode().decode("latin1")})

    assert answer.status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_a_page_tells_a_stranger_how_to_get_the_link(stranger: FlaskClient, path: str) -> None:
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert "Open the link in the terminal where you started it" in answer.text


def test_the_printed_link_opens_a_session_once_and_leaves_a_clean_address(
    stranger: FlaskClient,
) -> None:
    answer = stranger.get("/sandbox", query_string={"token": TOKEN, "psid": "700"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/sandbox?psid=700")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert TOKEN not in cookie
    assert stranger.get("/sandbox").status_code == 200
    assert stranger.get("/api/queue").status_code == 200


def test_a_link_with_another_token_opens_nothing(stranger: FlaskClient) -> None:
    assert stranger.get("/", query_string={"token": "wrong"}).status_code == 401
    assert stranger.get("/").status_code == 401


def test_a_forged_cookie_opens_nothing(stranger: FlaskClient) -> None:
    stranger.set_cookie("moca_session", "MTc5NTM0ODgwMA.c2lnbmF0dXJl")

    assert stranger.get("/").status_code == 401


def test_a_session_ends_after_thirty_days(
    browser_session: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    frozen.tick(timedelta(days=30))

    assert browser_session.get("/").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_session_changes_things_from_our_own_pages_only(
    browser_session: FlaskClient, headers: dict[str, str], status: int
) -> None:
    address = f"/api/conversations/{a_conversation().id}/close"

    assert browser_session.post(address, headers=headers).status_code == status


def test_the_bearer_of_the_token_may_change_things_from_anywhere(client: FlaskClient) -> None:
    address = f"/api/conversations/{a_conversation().id}/close"

    assert client.post(address, headers={"Origin": "http://elsewhere.example"}).status_code == 200


def test_probes_and_the_description_are_open(stranger: FlaskClient) -> None:
    paths = ("/healthz", "/readyz", "/metrics", "/openapi.json")

    assert [stranger.get(path).status_code for path in paths] == [200] * 4


def test_every_page_forbids_what_it_does_not_need(browser_session: FlaskClient) -> None:
    headers = dict(browser_session.get("/").headers)
    del headers["Content-Length"], headers["X-Request-Id"]

    assert headers == {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'self'; object-src 'none'; "
        "img-src 'self' https://*.cdninstagram.com https://*.fbcdn.net https://*.fbsbx.com; "
        "media-src 'self' https://*.cdninstagram.com https://*.fbcdn.net https://*.fbsbx.com",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
