"""An operator's own browser subscribes to push messages, from Moca's pages only."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient

from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.push import KeepPushKey, SubscribePush, UnsubscribePush
from moca.core.push import SubscriptionKeys
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.storage.db.operator_tables import Login
from moca.storage.db.push_tables import PushTarget
from moca.web.app import create_app
from moca.web.config import WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from moca.web.schemas.description import EXAMPLES
from tests.web.auth.test_login import operator
from tests.web.conftest import Backend
from tests.web.forms import SAME_ORIGIN
from tests.web.rows import AT, a_conversation

__all__ = ["operator"]

HERE = "/api/me/push"
BODY = {name: str(value) for name, value in EXAMPLES["PushBody"].items()}
KEYS = SubscriptionKeys(BODY["p256dh"], BODY["auth"])


class ScriptedPush:
    """Has a key once it is stored."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.error: Exception | None = None

    def make_key(self) -> str:
        self.key = "the-public-key"
        return "sealed"

    def public_key(self) -> str | None:
        if self.error is not None:
            raise self.error
        return self.key


@pytest.fixture
def push() -> ScriptedPush:
    return ScriptedPush()


@pytest.fixture
def app(
    database: peewee.Database,
    backend: Backend,
    config: WebConfig,
    sandbox: SandboxInstagram,
    metrics: Metrics,
    push: ScriptedPush,
) -> Flask:
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health, push=push)
    return create_app(ports, config, sandbox, metrics)


def asks(
    browser: FlaskClient,
    method: str,
    body: dict[str, str] | None = None,
    headers: dict[str, str] = SAME_ORIGIN,
) -> tuple[int, dict[str, Any]]:
    answer = browser.open(HERE, method=method, json=body, headers=headers)
    return answer.status_code, answer.get_json()


def test_the_key_is_made_at_the_first_request(
    operator: Callable[[str], FlaskClient], backend: Backend
) -> None:
    agent = operator("answers")

    seen = [asks(agent, "GET"), asks(agent, "GET")]

    assert seen == [(200, {"key": "the-public-key"})] * 2
    assert backend.commands == [KeepPushKey("sealed")]
    assert backend.audited == [("who answers", "made the key for push messages", "")]


@pytest.mark.parametrize("role", ["reads", "answers", "administers"])
def test_a_browser_subscribes_and_unsubscribes(
    operator: Callable[[str], FlaskClient], backend: Backend, role: str
) -> None:
    agent = operator(role)
    login_id = Login.get().id

    assert asks(agent, "PUT", BODY) == (200, {"subscribed": True})
    PushTarget.create(
        login=login_id, endpoint=BODY["endpoint"], p256dh="point", auth="secret", created_at=AT
    )
    assert asks(agent, "PUT", BODY) == (200, {"subscribed": True})
    assert asks(agent, "DELETE") == (200, {"subscribed": False})

    assert backend.commands == [
        SubscribePush(login_id, BODY["endpoint"], KEYS, AT),
        UnsubscribePush(login_id),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example.com/"},
        {"endpoint": "https://127.0.0.1/"},
        {"endpoint": "https://[::1]/"},
        {"endpoint": "https://localhost/"},
        {"endpoint": "https://push.example.com:8443/"},
        {"endpoint": "https://push.example.com/\x00"},
        {"endpoint": "https://push.example.com/" + "x" * 1000},
        {"endpoint": "\ud800"},
        {"endpoint": None},
        {"endpoint": ["https://push.example.com/"]},
        {"p256dh": ""},
        {"p256dh": "x" * 101},
        {"p256dh": "\x00"},
        {"auth": "short"},
        {"expirationTime": None},
    ],
    ids=repr,
)
def test_odd_subscriptions_are_refused(
    operator: Callable[[str], FlaskClient], backend: Backend, change: dict[str, Any]
) -> None:
    status, answer = asks(operator("answers"), "PUT", {**BODY, **change})

    assert (status, backend.commands) == (422, [])
    assert "xxx" not in answer["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}]
)
def test_other_sites_can_do_nothing(
    operator: Callable[[str], FlaskClient], backend: Backend, method: str, headers: dict[str, str]
) -> None:
    agent = operator("answers")

    assert asks(agent, method, BODY if method == "PUT" else None, headers)[0] == 403
    assert backend.commands == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_token_the_link_and_strangers_have_no_browser_of_their_own(
    client: FlaskClient,
    browser_session: FlaskClient,
    stranger: FlaskClient,
    backend: Backend,
    method: str,
) -> None:
    body = BODY if method == "PUT" else None
    seen = [asks(each, method, body)[0] for each in (client, browser_session, stranger)]

    assert (seen, backend.commands) == ([401, 404, 401], [])


def test_a_key_that_cannot_be_used_says_what_to_do(
    operator: Callable[[str], FlaskClient], push: ScriptedPush
) -> None:
    push.error = WrongEncryptionKey("bring that one back")

    status, answer = asks(operator("answers"), "GET")

    assert (status, "bring that one back" in answer["error"]["message"]) == (503, True)


def test_the_button_subscribes_operators_only_where_push_is_installed(
    operator: Callable[[str], FlaskClient],
    browser_session: FlaskClient,
    push: ScriptedPush,
    database: peewee.Database,
    backend: Backend,
    config: WebConfig,
) -> None:
    a_conversation()
    agent = operator("answers")
    login_id = Login.get(Login.operator.is_null(is_null=False)).id
    assert f'data-push="{login_id}"' in agent.get("/").text
    assert "data-push" not in browser_session.get("/").text

    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    without = create_app(ports, replace(config)).test_client()
    without._cookies = agent._cookies
    assert "data-push" not in without.get("/").text
    status, answer = asks(without, "GET")
    assert (status, "[push]" in answer["error"]["message"]) == (404, True)
