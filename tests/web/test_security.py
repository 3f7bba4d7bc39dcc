"""How secrets are compared, and where they must never appear."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import peewee
import pytest
from flask.testing import FlaskClient

from tests.support.values import of_kind
from tests.web.conftest import TOKEN, Backend
from tests.web.rows import a_conversation, a_question

ROOT = Path(__file__).parents[2]
SECRET = re.compile("token|secret|signature|password|digest", re.IGNORECASE)
ALWAYS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'; object-src 'none'; "
    "img-src 'self' https://*.cdninstagram.com https://*.fbcdn.net https://*.fbsbx.com; "
    "media-src 'self' https://*.cdninstagram.com https://*.fbcdn.net https://*.fbsbx.com",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}
EVERY_KIND = {
    "/": 200,
    "/messages/m1": 200,
    "/messages/none": 404,
    "/sandbox": 200,
    "/static/page.js": 200,
    "/static/none.js": 404,
    "/api/queue": 200,
    "/api/queue?limit=0": 422,
    "/api/messages/none": 404,
    "/api/none": 404,
    "/api/queue/1/cancel": 405,
    "/sandbox/state": 200,
    "/healthz": 200,
    "/readyz": 200,
    "/statusz": 200,
    "/metrics": 200,
    "/openapi.json": 200,
    "/docs": 200,
    "/none": 404,
    "/nul\x00": 404,
}


def names_in(compared: ast.Compare) -> set[str]:
    sides = [ast.walk(side) for side in (compared.left, *compared.comparators)]
    nodes = [node for side in sides for node in side]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def compares_secrets(node: ast.Compare) -> bool:
    if not isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn):
        return False
    # Whether a character is in it is not whether it is the right one.
    if isinstance(node.left, ast.Constant):
        return False
    return any(SECRET.search(name) for name in names_in(node))


@pytest.mark.parametrize("place", ["moca/web", "moca/instagram"])
def test_no_secret_is_compared_in_a_time_that_tells_of_it(place: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in (ROOT / place).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare) and compares_secrets(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("token == shown", True),
        ("shown != self._token", True),
        ("config.app_secret == shown", True),
        ("shown in tokens", True),
        ("sign(body, secret) == header", True),
        ('"token" in request.args', False),
        ("token is None", False),
        ("name == shown", False),
    ],
)
def test_the_search_for_such_comparisons_finds_them(code: str, is_found: bool) -> None:
    assert compares_secrets(of_kind(ast.parse(code, mode="eval").body, ast.Compare)) is is_found


@pytest.mark.parametrize(("path", "status"), EVERY_KIND.items(), ids=EVERY_KIND.keys())
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_kind_of_answer_carries_the_headers(
    browser_session: FlaskClient, path: str, status: int, accept: str
) -> None:
    a_question(a_conversation())

    answer = browser_session.get(path, headers={"Accept": accept})

    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    if not path.startswith("/static/"):
        assert answer.headers["Cache-Control"] == "no-store"
    answer.close()


@pytest.mark.parametrize("path", ["/", "/api/queue", "/none"])
def test_what_a_stranger_is_answered_carries_them_too(stranger: FlaskClient, path: str) -> None:
    assert ALWAYS.items() <= dict(stranger.get(path).headers).items()


@pytest.mark.parametrize("error", [peewee.OperationalError, peewee.InterfaceError])
def test_a_database_that_cannot_be_read_is_unavailable_and_the_request_may_be_repeated(
    client: FlaskClient,
    database: peewee.Database,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    def unreadable(*_: object, **__: object) -> NoReturn:
        raise error("disk is full: password 123")

    monkeypatch.setattr(database, "connection_context", unreadable)

    answers = [client.get("/api/queue"), client.get("/", headers={"Accept": "text/html"})]

    assert [(each.status_code, each.headers["Retry-After"]) for each in answers] == [(503, "5")] * 2
    for answer in answers:
        assert "The database cannot be reached, read or written now. Try again." in answer.text
        assert "password 123" not in answer.text


def test_an_error_of_ours_carries_them_too(
    client: FlaskClient, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("password 123")

    monkeypatch.setattr(database, "connection_context", broken)

    answers = [client.get("/api/queue"), client.get("/", headers={"Accept": "text/html"})]

    assert [answer.status_code for answer in answers] == [500, 500]
    for answer in answers:
        assert ALWAYS.items() <= dict(answer.headers).items()
        assert "password 123" not in answer.text


def test_the_webhook_is_answered_in_a_way_no_browser_can_take_for_a_page(
    stranger: FlaskClient,
) -> None:
    answer = stranger.post("/api/instagram/webhook", data=b"<script>")

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/problem+json"
    assert "script" not in answer.text


@pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True)])
def test_the_session_cookie_is_for_this_site_and_no_script(
    stranger: FlaskClient, scheme: str, is_secure: bool
) -> None:
    answer = stranger.get("/", query_string={"token": TOKEN}, base_url=f"{scheme}://localhost")

    (cookie,) = answer.headers.getlist("Set-Cookie")
    name_and_value, *flags = cookie.split("; ")
    assert name_and_value.startswith("moca_session=")
    assert {flag for flag in flags if not flag.startswith(("Expires", "Max-Age"))} == {
        "HttpOnly",
        "Path=/",
        "SameSite=Lax",
        *(["Secure"] if is_secure else []),
    }
    assert f"Max-Age={int(timedelta(days=30).total_seconds())}" in flags


def test_no_change_is_made_by_a_request_that_any_page_can_cause(
    browser_session: FlaskClient, backend: Backend
) -> None:
    address = f"/api/conversations/{a_conversation().id}/close"
    form = "application/x-www-form-urlencoded"

    assert browser_session.get(address).status_code == 405
    assert browser_session.post(address, data="a=b", content_type=form).status_code == 403
    assert (
        browser_session.post("/sandbox/write", json={"psid": "1", "text": "x"}).status_code == 403
    )
    assert browser_session.delete("/api/contacts/700").status_code == 403
    assert backend.commands == []


@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"psid": "700"},
        {"endpoint": "inbox.inbox"},
        {"_external": "1", "_scheme": "javascript"},
        {"_method": "PATCH"},
        {"_anchor": "x"},
        {"mid": "other"},
        {"next": "https://evil.example/"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/sandbox", "/messages/m1", "/messages///evil.example"])
def test_the_link_leads_to_its_own_page_without_the_token(
    stranger: FlaskClient, path: str, rest: dict[str, str]
) -> None:
    answer = stranger.get(path, query_string={"token": TOKEN, **rest})

    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.partition("?")[0] == path
    assert TOKEN not in str(answer.headers) + answer.text


@pytest.mark.parametrize("path", ["/", "/sandbox"])
def test_no_page_holds_the_token(browser_session: FlaskClient, path: str) -> None:
    answer = browser_session.get(path)

    assert answer.status_code == 200
    assert TOKEN not in str(answer.headers) + answer.text


def test_an_unset_secret_lets_nobody_in(database: peewee.Database, backend: Backend) -> None:
    from moca.web.app import create_app
    from moca.web.config import WebConfig, WebPorts

    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    config = WebConfig(app_secrets=("",), verify_token="", api_token="")
    current_user = create_app(ports, config).test_client()
    handshake = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}

    told = [
        current_user.get("/?token="),
        current_user.get("/api/queue", headers={"Authorization": "Bearer "}),
        current_user.get("/api/instagram/webhook", query_string=handshake),
        current_user.post("/api/instagram/webhook", data=b"{}"),
    ]

    assert [answer.status_code for answer in told] == [401, 401, 403, 403]
