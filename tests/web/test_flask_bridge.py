import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator

import peewee
import pytest
from flask import Flask, request

from moca.web import flask_bridge
from moca.web.asgi import WebhookGateway
from moca.web.config import WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from tests.web.asgi_client import Answer, ask
from tests.web.conftest import Backend
from tests.web.test_webhook import SAMPLE

THREADS = 2


@pytest.fixture
def gate(app: Flask) -> threading.Event:
    """Holds every request for `/login` until it is opened."""
    gate = threading.Event()

    def hold() -> None:
        if request.path == "/login":
            assert gate.wait(60)

    app.before_request_funcs.setdefault(None, []).append(hold)
    return gate


@pytest.fixture
def max_waiting() -> int:
    return 1000


@pytest.fixture
def door(
    app: Flask,
    database: peewee.Database,
    backend: Backend,
    config: WebConfig,
    metrics: Metrics,
    monkeypatch: pytest.MonkeyPatch,
    max_waiting: int,
) -> Iterator[WebhookGateway]:
    monkeypatch.setattr(flask_bridge, "_MAX_WAITING", max_waiting)
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    gateway = WebhookGateway(app, ports, config, metrics, THREADS)
    yield gateway
    gateway.close()


def while_people_are_held(
    door: WebhookGateway,
    gate: threading.Event,
    people: int,
    *,
    meanwhile: Callable[[], Awaitable[Answer]],
    body: bytes = b"",
) -> tuple[Answer, list[int]]:
    """Request the login page several times, and something else before any is answered."""

    async def both() -> tuple[Answer, list[int]]:
        held = [
            asyncio.create_task(ask(door, body, method="GET", path="/login")) for _ in range(people)
        ]
        # Each gets as far as it can before it is held.
        await asyncio.sleep(0)
        try:
            told = await meanwhile()
        finally:
            gate.set()
        return told, [answer.status for answer in await asyncio.gather(*held)]

    return asyncio.run(both())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/healthz", b""),
        ("/readyz", b""),
        ("/api/instagram/webhook", SAMPLE),
        ("/api/instagram/webhook", SAMPLE + b" " * 64 * 1024),
    ],
)
def test_webhooks_and_probes_do_not_wait_for_people(
    door: WebhookGateway, gate: threading.Event, path: str, body: bytes
) -> None:
    async def machine() -> Answer:
        return await ask(door, body, path=path, method="POST" if body else "GET")

    told, people = while_people_are_held(door, gate, THREADS * 3, meanwhile=machine)
    assert (told.status, people) == (200, [200] * THREADS * 3)


@pytest.mark.parametrize("max_waiting", [3])
def test_a_request_that_finds_too_many_waiting_is_to_come_again(
    door: WebhookGateway, gate: threading.Event
) -> None:
    async def one_more() -> Answer:
        return await ask(door, b"", path="/login", method="GET")

    told, people = while_people_are_held(door, gate, THREADS + 3, meanwhile=one_more)
    assert (told.status, told.headers["retry-after"]) == (503, "5")
    assert json.loads(told.body)["error"] == {
        "code": "unavailable",
        "message": "Too many requests are waiting.",
    }
    assert people == [200] * (THREADS + 3)
