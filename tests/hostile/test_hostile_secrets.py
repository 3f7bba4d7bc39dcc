"""A journey with every possible failure, and what it leaves in logs and responses."""

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from logging import Logger
from pathlib import Path
from typing import Any

import peewee
import pytest
import structlog
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from actors.event_log import log_fact
from moca.core.content.content import Content
from moca.core.outbox.delivery import Undelivered
from moca.core.policy import ConversationPolicy
from moca.instagram.signature import sign
from moca.replies.generator import GenerationError, ReplyRequest
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.support.factory import ANNA, BEN, NOON
from tests.support.frozen_time import frozen_at
from tests.support.system import SteppedSystem

ADDRESS = "/api/instagram/webhook"
APP_SECRET, VERIFY_TOKEN, TOKEN = "the-app-secret", "the-verify-token", "the-api-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
WROTE = "I live at 5 Mill Lane"
CRASHES, FAILS = "my card is 4000-1234", "my sister is Eleanor"
REPLIED, OPERATOR = "Thank you, we noted Mill Lane", "An operator knows of Mill Lane"
FORBIDDEN = {
    APP_SECRET,
    VERIFY_TOKEN,
    TOKEN,
    "Mill Lane",
    "4000-1234",
    "Eleanor",
    "Person ",
    ANNA.psid,
    BEN.psid,
}


class FrankGenerator:
    """Quotes the request in its errors, as third-party generators may."""

    needs_history = 0

    def reply(self, request: ReplyRequest) -> Content:
        (text,) = {each.text for each in request.inputs}
        if text == FAILS:
            raise GenerationError("the model is out of order")
        if text == CRASHES:
            raise RuntimeError(f"cannot answer {text!r} of {request.contact}")
        return Content(text=REPLIED)


class BreakableDatabase:
    """A database that fails on demand, with an error that quotes its contents."""

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self.is_broken = False

    def connection_context(self) -> peewee.ConnectionContext:
        if self.is_broken:
            raise RuntimeError(f"no row for {ANNA.psid} who wrote {WROTE}")
        return self._database.connection_context()


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with frozen_at(NOON) as frozen:
        yield frozen


@pytest.fixture
def system(tmp_path: Path, frozen: FrozenDateTimeFactory) -> Iterator[SteppedSystem]:
    system = SteppedSystem(
        tmp_path,
        frozen,
        generator=FrankGenerator(),
        conversation=ConversationPolicy(dedup=timedelta(seconds=10)),
        observers=(log_fact,),
        fail_fast=False,
    )
    yield system
    system.stop()


@pytest.fixture
def database(system: SteppedSystem) -> BreakableDatabase:
    return BreakableDatabase(system._database)


@pytest.fixture
def client(system: SteppedSystem, database: BreakableDatabase) -> FlaskClient:
    def tell(command: object) -> None:
        system.actors.tell(command)
        system.settle()

    config = WebConfig(app_secrets=(APP_SECRET,), verify_token=VERIFY_TOKEN, api_token=TOKEN)
    broken: Any = database
    ports = WebPorts(database=broken, tell=tell, health=Health)
    return create_app(ports, config).test_client()


def write(
    client: FlaskClient, mid: str, text: str, psid: str = ANNA.psid, secret: str = APP_SECRET
) -> TestResponse:
    message = {"mid": mid, "text": text}
    item = {"sender": {"id": psid}, "recipient": {"id": ANNA.account_id}, "message": message}
    body = {"object": "instagram", "entry": [{"id": ANNA.account_id, "messaging": [item]}]}
    raw = json.dumps(body).encode()
    return client.post(ADDRESS, data=raw, headers={"X-Hub-Signature-256": sign(raw, secret)})


def test_no_log_line_and_no_error_answer_tells_a_secret_or_what_anybody_wrote(
    system: SteppedSystem,
    client: FlaskClient,
    database: BreakableDatabase,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as lines:
        answers = [*_journey(system, client), *_mistakes(client), *_breakdown(client, database)]

    outcomes = dict(system.outcomes())
    assert outcomes == {"answered": 2, "duplicate": 1, "failed": 2, "suppressed": 1}
    told = [json.dumps(line, default=str) for line in lines if line["log_level"] != "debug"]
    told += [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    told += [answer.text + str(answer.headers) for answer in answers if answer.status_code >= 400]
    assert {"web.error", "messages_arrived", "reply_sent"} <= {line["event"] for line in lines}
    assert {answer.status_code for answer in answers} >= {400, 401, 403, 404, 405, 409, 413, 415}
    assert {answer.status_code for answer in answers} >= {422, 500}
    assert [(word, line) for line in told for word in FORBIDDEN if word in line] == []


def _journey(system: SteppedSystem, client: FlaskClient) -> Iterator[TestResponse]:
    yield client.get("/", query_string={"token": TOKEN})
    yield write(client, "m1", WROTE)
    yield write(client, "m1", WROTE)
    yield write(client, "m2", WROTE)
    system.advance(120)
    yield write(client, "m3", CRASHES)
    system.advance(400)
    yield write(client, "m4", FAILS)
    system.advance(400)
    system.instagram.lost_answers = 1
    yield write(client, "m5", WROTE, BEN.psid)
    system.advance(400)
    yield client.post("/api/conversations/1/messages", json={"text": OPERATOR}, headers=BEARER)
    system.instagram.next_results.append(Undelivered("cannot connect to Instagram"))
    system.advance(120)
    yield client.post("/api/conversations/1/pause", json={}, headers=BEARER)
    yield write(client, "m6", WROTE)
    yield client.post("/api/conversations/1/close", json={}, headers=BEARER)
    system.advance(120)


def _mistakes(client: FlaskClient) -> Iterator[TestResponse]:
    yield write(client, "m7", WROTE, secret="another-secret")
    yield client.get(ADDRESS, query_string={"hub.mode": "subscribe", "hub.verify_token": WROTE})
    raw = f'{{"text": "{WROTE}", {ANNA.psid}'.encode()
    yield client.post(ADDRESS, data=raw, headers={"X-Hub-Signature-256": sign(raw, APP_SECRET)})
    yield client.post(ADDRESS, data=WROTE * 300_000)
    yield client.get("/?token=another")
    for method, path, body in (
        ("GET", f"/api/contacts?cursor={WROTE}", None),
        ("GET", f"/api/contacts/{ANNA.psid}9", None),
        ("PUT", f"/api/contacts/{ANNA.psid}", None),
        ("GET", f"/api/conversations?status={WROTE}", None),
        ("POST", "/api/conversations/1/messages", {"text": WROTE * 99}),
        ("POST", "/api/conversations/1/messages", {"text": [WROTE]}),
        ("POST", "/api/conversations/1/close", {}),
        ("POST", "/api/queue/1/settle", {"delivered": WROTE}),
        ("POST", "/api/queue/1/retry", {}),
    ):
        yield client.open(path, method=method, json=body, headers=BEARER)
    yield client.post("/api/queue/1/settle", data=WROTE, headers=BEARER)


def _breakdown(client: FlaskClient, database: BreakableDatabase) -> Iterator[TestResponse]:
    database.is_broken = True
    yield client.get("/api/queue", headers=BEARER)
    yield client.get(f"/api/contacts/{ANNA.psid}", headers=BEARER)
    yield client.get("/", headers=BEARER | {"Accept": "text/html"})
    database.is_broken = False


def test_an_error_in_the_log_is_named_without_its_words_and_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from moca.logs import set_up_logs

    before = logging.root.handlers[:], logging.root.level, structlog.get_config()
    try:
        for style in ("console", "json"):
            set_up_logs("INFO", style)
            _fail_aloud(structlog.get_logger("ours"), WROTE)
            _fail_aloud(logging.getLogger("a library's"), WROTE)
    finally:
        logging.root.handlers[:], level, config = before
        logging.root.setLevel(level)
        structlog.configure(**config)
    written = capsys.readouterr().err
    assert written.count("ValueError") == 4
    assert "Mill Lane" not in written


def _fail_aloud(log: Logger | structlog.stdlib.BoundLogger, text: str) -> None:
    try:
        int(text)
    except ValueError:
        log.exception("it failed")
