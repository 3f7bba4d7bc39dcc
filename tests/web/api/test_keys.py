"""API keys: what each may do, on every route of the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import ApiKey, AuditEntry
from moca.storage.db.tables import Message
from moca.storage.operators.idempotency import IdempotencyKey
from moca.web.app import create_app
from moca.web.auth.api_keys import hash_api_key
from moca.web.config import Health, WebConfig, WebPorts
from tests.support.values import present
from tests.web.desk import WebDesk
from tests.web.forms import sends
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, a_reply, an_item

KEYS = "/api/keys"
OWN_GUARD = "/api/me/"
"""Only for operators' own sessions."""
ADMINISTERED = {
    ("POST", "/api/accounts"),
    ("PATCH", "/api/accounts/<account_id>"),
    ("DELETE", "/api/accounts/<account_id>"),
    ("GET", "/api/bots"),
    ("DELETE", "/api/bots/<name>"),
    ("GET", "/api/bots/<name>/cases"),
    ("PUT", "/api/bots/<name>/cases"),
    ("GET", "/api/bots/<name>/draft"),
    ("PUT", "/api/bots/<name>/draft"),
    ("POST", "/api/bots/<name>/publish"),
    ("POST", "/api/bots/<name>/rollback"),
    ("POST", "/api/bots/<name>/try"),
    ("DELETE", "/api/contacts/<psid>"),
    ("GET", KEYS),
    ("POST", KEYS),
    ("DELETE", "/api/keys/<key_id>"),
    ("GET", "/api/users"),
    ("POST", "/api/users"),
    ("GET", "/api/users/<user_id>"),
    ("PATCH", "/api/users/<user_id>"),
    ("DELETE", "/api/users/<user_id>"),
    ("GET", "/api/subscribers"),
    ("POST", "/api/subscribers"),
    ("DELETE", "/api/subscribers/<subscriber_id>"),
    ("GET", "/api/subscribers/<subscriber_id>/deliveries"),
    ("POST", "/api/subscribers/<subscriber_id>/pause"),
    ("POST", "/api/subscribers/<subscriber_id>/replay"),
    ("POST", "/api/subscribers/<subscriber_id>/resume"),
    ("POST", "/api/deliveries/<delivery_id>/retry"),
}
VALUES = {
    "conversation_id": "1",
    "item_id": "1",
    "mid": "m1",
    "account_id": ACCOUNT,
    "key_id": "99",
}


@pytest.fixture
def app(database: peewee.Database, config: WebConfig) -> Flask:
    ports = WebPorts(database=database, tell=WebDesk(database).tell, health=Health)
    return create_app(ports, config)


@pytest.fixture
def has_key(app: Flask) -> Callable[..., FlaskClient]:
    """Store a key with these columns; return a client with it."""

    def made(scope: str = "manage", accounts: str = "", **columns: datetime | str) -> FlaskClient:
        key = f"moca_{scope}{accounts}"
        role = next(each for each in OperatorRole if each.scope == scope)
        told = {"name": key, "created_at": AT, "role": role, "account_ids": accounts}
        ApiKey.create(**told | columns, key_hash=hash_api_key(key))
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return client

    return made


def routes(app: Flask) -> list[tuple[str, str]]:
    """Return each route of the API, but the webhook, with each of its methods."""
    return sorted(
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("webhook.")
        for method in present(rule.methods) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(OWN_GUARD)
    )


def asks(client: FlaskClient, method: str, rule: str, **values: str) -> int:
    """Send a request to a route, without a body; return the status."""
    path = rule
    for name in (each.split(">")[0] for each in rule.split("<")[1:]):
        value = (VALUES | values).get(name.removeprefix("mid:"), "1")
        path = path.replace(f"<{name}>", value)
    return client.open(path, method=method).status_code


def a_conversation_with_a_reply(account_id: str = ACCOUNT) -> None:
    talk = a_conversation(a_contact(account_id=account_id))
    a_question(talk)
    an_item(a_reply(talk))
    Message.update(account_id=account_id).execute()


def test_the_walk_meets_the_whole_api(app: Flask) -> None:
    assert len(routes(app)) >= 50


def test_without_a_key_every_route_answers_401(app: Flask) -> None:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Basic YTpi"
    assert {asks(client, *each) for each in routes(app)} == {401}


def test_a_key_that_reads_changes_nothing(app: Flask, has_key: Callable[..., FlaskClient]) -> None:
    a_conversation_with_a_reply()
    client = has_key("read")
    refused = {each for each in routes(app) if asks(client, *each) == 403}
    assert refused == {each for each in routes(app) if each[0] != "GET"} | ADMINISTERED


def test_a_key_that_drafts_changes_nothing_else(
    app: Flask, has_key: Callable[..., FlaskClient]
) -> None:
    a_conversation_with_a_reply()
    client = has_key("draft")
    refused = {each for each in routes(app) if asks(client, *each) == 403}
    assert refused == {each for each in routes(app) if each[0] != "GET"} | ADMINISTERED
    ask = {"text": "At nine."}
    answers = [
        client.post("/api/conversations/1/messages", json=ask | more)
        for more in ({}, {"draft": False}, {"draft": True})
    ]
    assert [each.status_code for each in answers] == [403, 403, 202]
    assert answers[0].get_json()["detail"] == "This API key needs the scope reply."
    told = answers[2].get_json()
    assert (told["status"], told["author_name"]) == ("held", "API key moca_draft")
    entry = AuditEntry.get()
    assert (entry.who, entry.what) == ("API key moca_draft", "drafted a reply")


def test_a_key_that_replies_administers_nothing(
    app: Flask, has_key: Callable[..., FlaskClient]
) -> None:
    a_conversation_with_a_reply()
    client = has_key("reply")
    assert {each for each in routes(app) if asks(client, *each) == 403} == ADMINISTERED


def test_a_key_that_manages_may_do_everything(
    app: Flask, has_key: Callable[..., FlaskClient]
) -> None:
    a_conversation_with_a_reply()
    client = has_key("manage")
    assert {each for each in routes(app) if asks(client, *each) in (401, 403)} == set()


def test_a_key_of_one_account_works_for_it(app: Flask, has_key: Callable[..., FlaskClient]) -> None:
    a_conversation_with_a_reply()
    client = has_key("reply", ACCOUNT)
    assert [each["id"] for each in client.get("/api/conversations").get_json()["items"]] == ["1"]
    assert client.get("/api/messages/m1/journey").status_code == 200
    assert client.post("/api/queue/1/cancel").status_code == 200
    answered = client.post("/api/conversations/1/messages", json={"text": "At nine."})
    assert (answered.status_code, answered.get_json()["author_name"]) == (202, "API")


def test_a_key_that_expired_or_was_revoked_does_not_work(
    has_key: Callable[..., FlaskClient], frozen: FrozenDateTimeFactory
) -> None:
    client = has_key("read", expires_at=AT + timedelta(days=1))
    assert client.get("/api/stats").status_code == 200
    frozen.tick(timedelta(days=1))
    assert client.get("/api/stats").status_code == 401

    client = has_key("manage")
    assert client.delete(f"{KEYS}/2").get_json() == {"id": "2", "revoked": True}
    assert client.get("/api/stats").status_code == 401


def test_a_new_key_is_shown_once_and_only_its_hash_is_stored(
    client: FlaskClient, app: Flask
) -> None:
    body = {"name": "Mirror", "scope": "read", "accounts": [ACCOUNT]}
    answer = client.post(KEYS, json=body)
    key = answer.get_json()["key"]

    assert answer.status_code == 201
    shown = {
        "id": "1",
        "name": "Mirror",
        "scope": "read",
        "accounts": [ACCOUNT],
        "created_at": "2026-11-22T12:00:00Z",
        "expires_at": None,
        "last_used_at": None,
    }
    assert answer.get_json() == shown | {"key": key}
    assert client.get(KEYS).get_json() == {"items": [shown]}
    assert ApiKey.get().key_hash == hash_api_key(key)
    (entry,) = AuditEntry.select()
    assert (entry.who, entry.what, entry.about) == (
        "token",
        "added an API key",
        "API key 1 (Mirror, read)",
    )

    stranger = app.test_client()
    page = stranger.get("/api/conversations", headers={"Authorization": f"Bearer {key}"})
    assert page.status_code == 200
    assert client.get(KEYS).get_json()["items"][0]["last_used_at"] == "2026-11-22T12:00:00Z"


def test_a_repeated_request_stores_no_key_and_shows_none(client: FlaskClient) -> None:
    body = {"name": "Mirror", "scope": "read"}
    first, again = (
        client.post(KEYS, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.get_json()["key"] not in str(list(IdempotencyKey.select().dicts()))
    assert ApiKey.select().count() == 1


def test_what_a_key_does_is_signed_with_its_name(has_key: Callable[..., FlaskClient]) -> None:
    client = has_key("reply")
    client.post("/api/queue/freeze")
    (entry,) = AuditEntry.select()
    assert (entry.who, entry.who_id) == ("API key moca_reply", 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "", "scope": "read"}, 422),
        ({"name": "x", "scope": "all"}, 422),
        ({"name": "x", "scope": "read", "accounts": ["a b"]}, 422),
        ({"name": "x", "scope": "read", "expires_at": "2026-11-22T11:00:00Z"}, 422),
        ({"name": "taken", "scope": "read"}, 409),
    ],
)
def test_a_key_that_cannot_be_added_is_refused(
    client: FlaskClient, has_key: Callable[..., FlaskClient], body: dict[str, Any], status: int
) -> None:
    has_key(name="taken")
    assert client.post(KEYS, json=body).status_code == status


def test_wrong_keys_are_counted_as_wrong_tokens_are(
    app: Flask, has_key: Callable[..., FlaskClient]
) -> None:
    wrong = {"Authorization": "Bearer moca_wrong"}
    statuses = [app.test_client().get(KEYS, headers=wrong).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    assert has_key("manage").get(KEYS).status_code == 200


def test_administrators_add_and_revoke_keys_on_a_page(browser_session: FlaskClient) -> None:
    added = sends(browser_session, "/keys", name="Mirror", scope="read", days="30")
    assert added.status_code == 201
    assert "moca_" in added.text
    row = ApiKey.get()
    assert (row.name, row.role, row.expires_at) == ("Mirror", "reads", AT + timedelta(days=30))

    page = browser_session.get("/keys").text
    assert "Mirror" in page
    assert "never used" in page
    assert sends(browser_session, "/keys/1/revoke", token_from="/keys").status_code == 303
    assert ApiKey.select().count() == 0


def test_what_is_refused_stands_on_the_page(browser_session: FlaskClient) -> None:
    refused = sends(browser_session, "/keys", name="Mirror", scope="all", days="")
    assert (refused.status_code, "scope: " in refused.text) == (422, True)
