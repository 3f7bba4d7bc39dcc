"""The feed over HTTP."""

import asyncio
import json
from collections.abc import Coroutine, Iterator
from typing import Any

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient

from moca.core.messages.operator_actions import EraseContact, FreezeQueue, ReleaseQueue
from moca.core.types import OperatorRole
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.db.operator_tables import ApiKey
from moca.web.asgi import WebhookGateway
from moca.web.auth.api_keys import hash_api_key
from moca.web.config import WebConfig, WebPorts
from moca.web.feed.long_poll import LongPoll
from moca.web.metrics.prometheus import Metrics
from tests.storage.desk import Desk, webhook, wrote
from tests.support.factory import ANNA, at
from tests.support.values import of_kind
from tests.web.asgi_client import Answer, ask
from tests.web.conftest import TOKEN, Backend
from tests.web.virtual_loop import run

BEARER = {"authorization": f"Bearer {TOKEN}"}
FEED = "/api/events"


@pytest.fixture
def desk(database: peewee.Database) -> Desk:
    return Desk(database)


@pytest.fixture
def door(
    app: Flask, database: peewee.Database, backend: Backend, config: WebConfig, metrics: Metrics
) -> Iterator[WebhookGateway]:
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    gateway = WebhookGateway(app, ports, config, metrics, threads=2)
    yield gateway
    gateway.close()


def test_an_event_shows_its_message_as_the_api_does(client: FlaskClient, desk: Desk) -> None:
    desk.do(webhook(wrote("m1", "Hello?")))
    page = client.get(f"{FEED}?texts=true").get_json()

    (event,) = page["items"]
    assert page["next"] == event["id"] == 1
    assert (event["kind"], event["at"]) == ("message.received", "2026-11-22T12:00:00Z")
    assert event["data"] == {
        "account_id": ANNA.account_id,
        "conversation_id": "1",
        "contact_id": "1",
        "contact": {"account_id": ANNA.account_id, "psid": ANNA.psid, "name": None},
        "message_id": "1",
        "message": client.get("/api/messages/m1").get_json(),
        "because": None,
        "status": None,
        "held_until": None,
        "count": None,
        "restored_after": None,
    }


def test_texts_come_only_if_they_are_asked_for(client: FlaskClient, desk: Desk) -> None:
    desk.do(webhook(wrote("m1", "a secret")))
    answer = client.get(FEED)
    assert "secret" not in answer.text
    assert answer.get_json()["items"][0]["data"]["message"]["mid"] == "m1"


def test_an_erasure_names_the_contact_by_moca_s_own_id(client: FlaskClient, desk: Desk) -> None:
    desk.do(webhook(wrote("m1")))
    desk.do(EraseContact(ANNA, at(1)))
    received, erased = client.get(FEED).get_json()["items"]
    assert [each["data"]["contact_id"] for each in (received, erased)] == [None, "1"]
    assert ANNA.psid not in client.get(FEED).text


def test_pages_follow_one_another_by_kind(client: FlaskClient, desk: Desk) -> None:
    desk.do(FreezeQueue(at(0)), ReleaseQueue(at(1)), FreezeQueue(at(2)))
    first = client.get(f"{FEED}?kinds=queue.frozen&limit=1").get_json()
    second = client.get(f"{FEED}?kinds=queue.frozen&limit=1&after={first['next']}").get_json()
    assert [[each["id"] for each in page["items"]] for page in (first, second)] == [[1], [3]]
    last = client.get(f"{FEED}?kinds=queue.frozen&after={second['next']}").get_json()
    assert last == {"items": [], "next": 3}


def test_a_reader_who_comes_too_late_is_told_what_to_do(client: FlaskClient, desk: Desk) -> None:
    desk.do(FreezeQueue(at(0)), ReleaseQueue(at(1)))
    StoredFeedEvent.delete().where(StoredFeedEvent.id == 1).execute()
    refused = client.get(f"{FEED}?after=1")
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (410, "gone")
    assert "after=0" in refused.get_json()["error"]["message"]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ("kinds=message.lost", "kinds: "),
        ("after=x", "after: "),
        ("after=-1", "after: "),
        ("wait=31", "wait: "),
        ("limit=201", "limit: "),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    client: FlaskClient, parameters: str, error: str
) -> None:
    refused = client.get(f"{FEED}?{parameters}")
    assert refused.status_code == 422
    assert refused.get_json()["error"]["message"].startswith(error)


def test_the_feed_needs_the_token(stranger: FlaskClient) -> None:
    assert stranger.get(FEED).status_code == 401


def reads(door: WebhookGateway, query: bytes, **more: Any) -> Coroutine[Any, Any, Answer]:
    return ask(door, b"", method="GET", path=FEED, query=query, headers=BEARER, **more)


def test_a_reader_who_waits_is_answered_when_something_happens(
    door: WebhookGateway, desk: Desk
) -> None:
    async def happens() -> tuple[Answer, float]:
        waits = asyncio.ensure_future(reads(door, b"wait=30", stays=True))
        await asyncio.sleep(2)
        assert not waits.done()
        desk.do(FreezeQueue(at(0)))
        return await waits, asyncio.get_running_loop().time()

    answer, now = run(happens())
    assert (answer.status, b"queue.frozen" in answer.body) == (200, True)
    assert 1_002 <= now <= 1_003


def test_what_a_reader_does_not_want_does_not_end_its_wait(
    door: WebhookGateway, desk: Desk
) -> None:
    async def happens() -> Answer:
        wanted = b"wait=30&kinds=queue.released"
        waits = asyncio.ensure_future(reads(door, wanted, stays=True))
        await asyncio.sleep(2)
        desk.do(FreezeQueue(at(0)))
        await asyncio.sleep(2)
        assert not waits.done()
        desk.do(ReleaseQueue(at(4)))
        found: Answer = await waits
        return found

    assert b'"next":2' in of_kind(run(happens()), Answer).body


def test_a_wait_ends_with_an_empty_page(door: WebhookGateway, desk: Desk) -> None:
    async def happens() -> tuple[Answer, float]:
        return await reads(door, b"wait=5", stays=True), asyncio.get_running_loop().time()

    answer, now = run(happens())
    assert (answer.body, now) == (b'{"items":[],"next":0}', 1_005)


def test_waiting_holds_no_thread(door: WebhookGateway, desk: Desk) -> None:
    async def happens() -> tuple[int, bool, set[int]]:
        waits = [asyncio.ensure_future(reads(door, b"wait=30", stays=True)) for _ in range(20)]
        page = await ask(door, b"", method="GET", path="/api/stats", headers=BEARER)
        is_waiting = not any(each.done() for each in waits)
        desk.do(FreezeQueue(at(0)))
        return page.status, is_waiting, {(await each).status for each in waits}

    assert asyncio.run(happens()) == (200, True, {200})


def test_a_reader_who_leaves_waits_no_longer(door: WebhookGateway, desk: Desk) -> None:
    async def happens() -> float:
        await reads(door, b"wait=30")
        return asyncio.get_running_loop().time()

    assert run(happens()) == 1_000


def test_a_reader_who_may_no_longer_read_gets_nothing(
    door: WebhookGateway, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def happens() -> Answer:
        waits = asyncio.ensure_future(reads(door, b"wait=30", stays=True))
        await asyncio.sleep(2)
        monkeypatch.setattr("moca.web.auth.guards.ApiToken.is_right", lambda *_: False)
        desk.do(FreezeQueue(at(0)))
        found: Answer = await waits
        return found

    assert of_kind(run(happens()), Answer).status == 401


def test_a_reader_who_is_limited_while_it_waits_gets_nothing_of_other_accounts(
    door: WebhookGateway, desk: Desk
) -> None:
    told = {"name": "key", "created_at": at(0), "role": OperatorRole.READS}
    ApiKey.create(**told, key_hash=hash_api_key("moca_key"))

    async def happens() -> list[dict[str, Any]]:
        headers = {"authorization": "Bearer moca_key"}
        asked: dict[str, Any] = {
            "method": "GET",
            "path": FEED,
            "query": b"wait=30",
            "headers": headers,
        }
        waits = asyncio.ensure_future(ask(door, b"", **asked, stays=True))
        await asyncio.sleep(2)
        ApiKey.update(account_ids="178").execute()
        desk.do(webhook(wrote("m1")))
        await asyncio.sleep(2)
        assert not waits.done()
        desk.do(webhook(wrote("m2", contact=ANNA._replace(account_id="178"))))
        items: list[dict[str, Any]] = json.loads((await waits).body)["items"]
        return items

    assert [each["data"]["account_id"] for each in run(happens())] == ["178"]


def test_once_too_many_wait_the_next_is_answered_at_once(
    door: WebhookGateway, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.web.feed.long_poll._MAX_WAITING", 0)

    async def happens() -> tuple[Answer, float]:
        return await reads(door, b"wait=30", stays=True), asyncio.get_running_loop().time()

    answer, now = run(happens())
    assert (answer.body, now) == (b'{"items":[],"next":0}', 1_000)


def test_all_who_wait_are_answered_when_moca_stops(door: WebhookGateway, desk: Desk) -> None:
    async def happens() -> float:
        waits = asyncio.ensure_future(reads(door, b"wait=30", stays=True))
        await asyncio.sleep(1)
        LongPoll.close(door._feed)
        await waits
        return asyncio.get_running_loop().time()

    assert run(happens()) < 1_002
