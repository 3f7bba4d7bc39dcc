"""Subscribers over HTTP and on their page."""

from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient

from moca.core.feed import FeedKind
from moca.storage.db.feed_tables import FeedDelivery, StoredFeedEvent, StoredSubscriber
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.operators.idempotency import IdempotencyKey
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.web.desk import WebDesk
from tests.web.forms import sends
from tests.web.rows import AT

SUBSCRIBERS = "/api/subscribers"
BODY = {"name": "CRM", "url": "https://crm.example.com/hook", "kinds": ["message.received"]}


@pytest.fixture
def app(database: peewee.Database, config: WebConfig) -> Flask:
    ports = WebPorts(
        database=database,
        tell=WebDesk(database).tell,
        health=Health,
        seal=lambda secret: f"sealed {len(secret)}",
    )
    return create_app(ports, config)


@pytest.fixture
def crm(client: FlaskClient) -> dict[str, Any]:
    """A subscriber that was added when the feed had one event."""
    StoredFeedEvent.create(kind=FeedKind.QUEUE_FROZEN, at=AT)
    found: dict[str, Any] = client.post(SUBSCRIBERS, json=BODY).get_json()
    return found


def test_a_subscriber_starts_with_what_happens_next_and_its_secret_is_shown_once(
    client: FlaskClient, crm: dict[str, Any]
) -> None:
    assert crm["secret"].startswith("whsec_")
    assert crm["subscriber"] == {
        "id": "1",
        **BODY,
        "texts": False,
        "cursor": 1,
        "attempts": 0,
        "due_at": None,
        "fault": "",
        "paused": False,
        "created_at": "2026-11-22T12:00:00Z",
    }
    assert client.get(SUBSCRIBERS).get_json() == {"items": [crm["subscriber"]]}
    assert StoredSubscriber.get().sealed_secret == "sealed 50"
    (entry,) = AuditEntry.select()
    assert (entry.what, entry.about) == ("added a subscriber", "subscriber 1 (CRM)")


def test_a_repeated_request_adds_none_and_shows_no_secret(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (client.post(SUBSCRIBERS, json=BODY, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 409)
    assert first.get_json()["secret"] not in str(list(IdempotencyKey.select().dicts()))


@pytest.mark.parametrize(
    "change",
    [
        {"url": "http://crm.example.com/"},
        {"url": "https://u:p@crm.example.com/"},
        {"kinds": ["message.lost"]},
        {"secret": "whsec_c2hvcnQ="},
        {"name": ""},
    ],
)
def test_a_subscriber_that_cannot_be_called_is_refused(
    client: FlaskClient, change: dict[str, Any]
) -> None:
    assert client.post(SUBSCRIBERS, json=BODY | change).status_code == 422
    assert StoredSubscriber.select().count() == 0


def test_a_subscriber_is_paused_resumed_replayed_and_removed(
    client: FlaskClient, crm: dict[str, Any]
) -> None:
    assert client.post(f"{SUBSCRIBERS}/1/pause").get_json()["paused"] is True
    assert client.post(f"{SUBSCRIBERS}/1/resume").get_json()["paused"] is False
    replayed = client.post(f"{SUBSCRIBERS}/1/replay", json={"after": 0})
    assert replayed.get_json()["cursor"] == 0
    assert client.delete(f"{SUBSCRIBERS}/1").get_json() == {"id": "1", "removed": True}
    assert client.get(SUBSCRIBERS).get_json() == {"items": []}


def test_deliveries_that_were_set_aside_come_first_and_are_retried(
    client: FlaskClient, crm: dict[str, Any]
) -> None:
    for number, status in enumerate(("failed", "delivered"), start=1):
        told = {"subscriber": 1, "event_id": number, "kind": FeedKind.QUEUE_FROZEN, "at": AT}
        FeedDelivery.create(**told, attempts=1, status=status)
    found = client.get(f"{SUBSCRIBERS}/1/deliveries").get_json()["items"]
    assert [(each["event_id"], each["status"]) for each in found] == [
        (1, "failed"),
        (2, "delivered"),
    ]
    assert client.post("/api/deliveries/1/retry").get_json() == {"id": "1", "queued": True}
    assert client.post("/api/deliveries/2/retry").status_code == 404
    assert FeedDelivery.get_by_id(1).status == "queued"


def test_the_page_adds_shows_and_changes_subscribers(browser_session: FlaskClient) -> None:
    form = {"name": "CRM", "url": "https://crm.example.com/hook", "kind": "message.sent"}
    added = sends(browser_session, "/subscribers", form)
    assert (added.status_code, "whsec_" in added.text) == (201, True)
    told = {"subscriber": 1, "event_id": 1, "kind": FeedKind.QUEUE_FROZEN, "at": AT}
    FeedDelivery.create(**told, attempts=24, status="failed", fault="status 503")

    page = browser_session.get("/subscribers").text
    assert "https://crm.example.com/hook" in page
    assert "status 503" in page
    for act in ("1/pause", "1/resume", "1/replay", "deliveries/1/retry", "1/remove"):
        path = f"/subscribers/{act}"
        assert sends(browser_session, path, token_from="/subscribers").status_code == 303
    assert StoredSubscriber.select().count() == 0


def test_what_is_refused_stands_on_the_page(browser_session: FlaskClient) -> None:
    refused = sends(browser_session, "/subscribers", name="CRM", url="http://x.example")
    assert (refused.status_code, "url: must be a URL with https" in refused.text) == (422, True)
