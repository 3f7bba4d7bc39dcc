import re
from dataclasses import replace
from datetime import timedelta

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from moca.core.accounts import AccountStatus, LoginKind, TokenState
from moca.core.types import Outcome
from moca.storage.db.tables import Webhook
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from tests.support.values import of_kind
from tests.web.api.test_accounts import an_account
from tests.web.conftest import Backend
from tests.web.rows import AT, a_conversation, a_question, a_reply, an_answered_question, an_item

DEAD = "the access token is dead"


def test_a_process_that_answers_is_healthy(stranger: FlaskClient) -> None:
    assert stranger.get("/healthz").get_json() == {"status": "ok"}


def test_readiness_names_every_part(stranger: FlaskClient) -> None:
    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "sender": "ok",
            "supervisor": "ok",
            "warnings": [],
        },
    )


@pytest.mark.parametrize(
    ("part", "health"),
    [
        ("database", Health(database="not responding")),
        ("supervisor", Health(supervisor="not responding")),
    ],
)
def test_a_node_that_cannot_take_in_and_write_is_not_ready(
    stranger: FlaskClient, backend: Backend, part: str, health: Health
) -> None:
    backend.health = health

    answer = stranger.get("/readyz")

    told = answer.get_json()
    assert (answer.status_code, told["status"]) == (503, "not ready")
    assert told[part] == "not responding"


def test_webhooks_still_go_to_a_node_whose_sender_is_not_well(
    stranger: FlaskClient, backend: Backend
) -> None:
    backend.health = Health(sender="not responding")

    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.get_json()["sender"]) == (200, "not responding")


def test_parts_that_do_not_answer_make_it_not_ready(
    stranger: FlaskClient, backend: Backend
) -> None:
    del backend.health

    answer = stranger.get("/readyz")

    assert (answer.status_code, answer.get_json()["supervisor"]) == (503, "not responding")


@pytest.mark.parametrize(
    ("accounts", "warnings"),
    [
        ({"1": "ok", "2": DEAD}, ["replies cannot be sent for 1 account; see /statusz"]),
        ({"1": DEAD, "2": DEAD}, ["replies cannot be sent for 2 accounts; see /statusz"]),
    ],
)
def test_dead_tokens_are_warnings_that_name_no_account(
    stranger: FlaskClient, backend: Backend, accounts: dict[str, str], warnings: list[str]
) -> None:
    backend.health = Health(accounts=accounts)

    answer = stranger.get("/readyz")

    told = answer.get_json()
    assert (answer.status_code, told["status"], told["warnings"]) == (200, "ok", warnings)


def test_status_says_of_every_account_how_it_is(client: FlaskClient, backend: Backend) -> None:
    backend.health = Health(accounts={"1": "ok", "2": DEAD})

    answer = client.get("/statusz")

    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "status": "ok",
            "database": "ok",
            "sender": "ok",
            "supervisor": "ok",
            "accounts": {"1": "ok", "2": DEAD},
            "warnings": [],
        },
    )


def test_status_says_so_where_the_node_is_not_ready(client: FlaskClient, backend: Backend) -> None:
    backend.health = Health(database="disk full")

    answer = client.get("/statusz")

    assert (answer.status_code, answer.get_json()["status"]) == (200, "not ready")


def test_status_is_for_those_who_bear_the_token_or_are_logged_in(
    stranger: FlaskClient, browser_session: FlaskClient
) -> None:
    assert stranger.get("/statusz").status_code == 401
    assert browser_session.get("/statusz").status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_metrics_are_open_to_this_machine(stranger: FlaskClient, address: str) -> None:
    assert stranger.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", {}),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}),
        ("127.0.0.1", {"X-Forwarded-Host": "shop.example"}),
        ("127.0.0.1", {"X-Real-IP": "192.0.2.7"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}),
        ("", {}),
    ],
)
def test_from_elsewhere_and_through_a_proxy_metrics_take_the_token(
    stranger: FlaskClient, client: FlaskClient, address: str, headers: dict[str, str]
) -> None:
    asked = {"environ_base": {"REMOTE_ADDR": address}, "headers": headers}

    assert stranger.get("/metrics", **asked).status_code == 401
    assert client.get("/metrics", **asked).status_code == 200


def test_metrics_tell_of_accounts_that_are_not_in_the_database(
    stranger: FlaskClient, backend: Backend
) -> None:
    an_account(account_id="3")
    backend.health = Health(accounts={"1": "ok", "2": DEAD})

    lines = stranger.get("/metrics").text.splitlines()

    assert [line for line in lines if line.startswith("moca_account_usable{")] == [
        'moca_account_usable{account_id="3"} 1.0',
        'moca_account_usable{account_id="1"} 1.0',
        'moca_account_usable{account_id="2"} 0.0',
    ]


def test_the_end_of_the_settings_token_is_told_as_those_of_the_database_are(
    database: peewee.Database, backend: Backend, config: WebConfig, metrics: Metrics
) -> None:
    token = TokenState(
        account_id="1",
        flavour=LoginKind.INSTAGRAM_LOGIN,
        status=AccountStatus.ACTIVE,
        issued_at=AT,
        expires_at=AT + timedelta(days=6),
    )
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    app = create_app(ports, replace(config, own_token=token), None, metrics)
    asked = app.test_client()
    bearer = {"Authorization": f"Bearer {config.api_token}"}

    told = asked.get("/metrics").text
    (ends,) = re.findall(r'expiry_timestamp_seconds{account_id="1"} (\S+)', told)
    assert float(ends) == (AT + timedelta(days=6)).timestamp()
    line = "account 1: the access token expires within 7 days, at 2026-11-28 12:00 UTC"
    assert asked.get("/statusz", headers=bearer).get_json()["warnings"] == [line]


def test_before_the_first_webhook_no_time_of_the_last_one_is_exposed(stranger: FlaskClient) -> None:
    assert "moca_last_webhook_timestamp_seconds" not in stranger.get("/metrics").text

    Webhook.create(received_at=AT, body=b"{}")

    (told,) = (
        line
        for line in stranger.get("/metrics").text.splitlines()
        if line.startswith("moca_last_webhook_timestamp_seconds ")
    )
    assert float(told.split()[1]) == AT.timestamp()


def test_metrics_count_without_naming_anybody(stranger: FlaskClient, metrics: Metrics) -> None:
    an_item(a_reply(a_conversation()))
    stranger.post("/api/instagram/webhook", data=b"{}")
    metrics.messages_ended(Outcome.ANSWERED, 2)
    metrics.reply_sent(timedelta(seconds=6), "")
    metrics.delivery_ended("delivered", timedelta(seconds=0.2), "")

    answer = stranger.get("/metrics")

    lines = answer.text.splitlines()
    assert answer.mimetype == "text/plain"
    assert {
        'moca_webhooks_total{answer="403"} 1.0',
        'moca_messages_total{outcome="answered"} 2.0',
        'moca_messages_total{outcome="failed"} 0.0',
        'moca_queue_items{status="pending"} 1.0',
        'moca_queue_items{status="unknown"} 0.0',
        'moca_reply_seconds_bucket{le="7.5"} 1.0',
        'moca_send_call_seconds_count{result="delivered"} 1.0',
    } <= set(lines)
    assert [line for line in lines if "700" in line.rpartition(" ")[0]] == []


def test_stats_tell_how_things_stand(client: FlaskClient) -> None:
    conversation = a_conversation()
    an_answered_question(conversation)
    a_question(conversation, "m2")
    a_question(conversation, "m3", outcome="duplicate", processed=True)

    assert client.get("/api/stats").get_json() == {
        "queue": {
            "held": 0,
            "pending": 0,
            "sending": 0,
            "sent": 1,
            "failed": 0,
            "unknown": 0,
            "cancelled": 0,
        },
        "conversations": {"open": 1, "paused": 0, "human": 0, "standby": 0, "closed": 0},
        "latest": 3,
        "outcomes": {"answered": 1, "duplicate": 1, "suppressed": 0, "failed": 0},
        "open": 1,
        "replies": {"count": 1, "p50_seconds": 5.4, "p99_seconds": 5.4, "longest_seconds": 5.4},
        "delivery": [],
    }


def test_the_description_names_every_address_of_the_api(app: Flask, stranger: FlaskClient) -> None:
    assert of_kind(app, OpenAPI).paths == {}, "it is made when it is first asked for"
    described = stranger.get("/openapi.json").get_json()

    served = {
        str(rule).replace("<mid:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if str(rule).startswith("/api/") and "webhook" not in str(rule)
    }
    assert set(described["paths"]) == served
    schemas = {
        operation["responses"]["422"]["content"]["application/problem+json"]["schema"]["$ref"]
        for path in described["paths"].values()
        for operation in path.values()
    }
    problems = {"ProblemShape", "FailedCasesShape"}
    assert schemas == {f"#/components/schemas/{name}" for name in problems}
