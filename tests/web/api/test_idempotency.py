"""A request with a key is executed once, and answered each time as the first time."""

import hashlib
import re
from datetime import timedelta
from typing import Any, NoReturn

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.messages.operator_actions import EraseContact
from moca.core.types import ContactKey, OperatorRole
from moca.storage.db.operator_tables import AuditEntry, Login, Operator
from moca.storage.db.tables import Conversation, Message
from moca.storage.operators.idempotency import IdempotencyKey
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.web.conftest import TOKEN
from tests.web.desk import WebDesk, replies
from tests.web.rows import (
    ACCOUNT,
    AT,
    a_contact,
    a_conversation,
    a_question,
    a_reply,
    after,
    an_item,
)

MESSAGES = "/api/conversations/1/messages"
KEY = {"Idempotency-Key": "a-key"}


@pytest.fixture
def desk(database: peewee.Database) -> WebDesk:
    return WebDesk(database)


@pytest.fixture
def app(database: peewee.Database, desk: WebDesk, config: WebConfig) -> Flask:
    return create_app(WebPorts(database=database, tell=desk.tell, health=Health), config)


def write(
    client: FlaskClient,
    text: str = "At nine.",
    key: str = "a-key",
    path: str = MESSAGES,
    **more: bool,
) -> TestResponse:
    return client.post(path, json={"text": text, **more}, headers={"Idempotency-Key": key})


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.text


def code(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_a_repeated_post_sends_once_and_is_answered_as_the_first_time(
    client: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    a_conversation()
    first = write(client)
    Message.update(status="sent", mid="ig-1").execute()
    frozen.tick(timedelta(hours=23))

    assert told(write(client)) == told(first)
    assert (first.status_code, first.get_json()["status"], replies()) == (202, "queued", 1)
    assert AuditEntry.select().count() == 1


def test_without_a_key_every_post_sends(client: FlaskClient) -> None:
    a_conversation()
    for _ in range(2):
        client.post(MESSAGES, json={"text": "At nine."})
    assert (replies(), IdempotencyKey.select().count()) == (2, 0)


def test_after_a_day_the_key_is_free(client: FlaskClient, frozen: FrozenDateTimeFactory) -> None:
    a_conversation()
    write(client)
    frozen.tick(timedelta(hours=24))
    write(client)
    assert replies() == 2


def test_another_body_or_path_with_the_key_is_refused(client: FlaskClient) -> None:
    a_conversation()
    write(client)
    a_conversation(status="closed", contact=Conversation.get().contact)

    answers = [
        write(client, text="At ten."),
        write(client, hold=False),
        write(client, path="/api/conversations/2/messages"),
        client.post("/api/conversations/1/close", headers=KEY),
    ]

    assert [code(each) for each in answers] == [(422, "invalid")] * 4
    assert replies() == 1


def test_the_same_json_written_otherwise_is_the_same_body(client: FlaskClient) -> None:
    a_conversation()
    for body in ('{"text":"Hi","hold":false}', '{ "hold": false, "text": "Hi" }'):
        headers = {**KEY, "Content-Type": "application/json"}
        assert client.post(MESSAGES, data=body, headers=headers).status_code == 202
    assert replies() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "a\x7fb"])
def test_a_key_has_1_to_255_printable_characters(client: FlaskClient, key: str) -> None:
    a_conversation()
    assert code(write(client, key=key)) == (400, "bad_request")
    assert replies() == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, '"quoted key"', "a b~!"])
def test_any_other_key_is_taken(client: FlaskClient, key: str) -> None:
    a_conversation()
    assert [write(client, key=key).status_code for _ in range(2)] == [202, 202]
    assert replies() == 1


def test_what_was_refused_before_anything_was_done_does_not_use_the_key_up(
    client: FlaskClient,
) -> None:
    a_conversation()
    assert write(client, text="").status_code == 422
    assert write(client).status_code == 202


def test_while_the_first_is_under_way_the_second_is_told_to_wait(
    client: FlaskClient, desk: WebDesk, app: Flask
) -> None:
    a_conversation()
    during = []

    def meanwhile(_command: object) -> None:
        desk.on_the_way = lambda command: None
        other = app.test_client()
        other.environ_base.update(client.environ_base)
        during.extend([write(other), write(other, text="At ten."), write(other, key="b")])

    desk.on_the_way = meanwhile
    write(client)

    assert [code(each) for each in during[:2]] == [(409, "conflict"), (422, "invalid")]
    assert (during[0].headers["Retry-After"], during[2].status_code, replies()) == ("1", 202, 2)
    assert write(client).status_code == 202


def test_a_retry_after_a_503_does_not_send_again(client: FlaskClient, desk: WebDesk) -> None:
    a_conversation()
    desk.loses_receipts = True
    assert write(client).status_code == 503
    desk.loses_receipts = False

    retried = write(client)

    assert (retried.status_code, retried.get_json()["text"], replies()) == (202, "At nine.", 1)
    assert told(write(client)) == told(retried)


def test_a_retry_after_a_503_that_stored_nothing_sends(client: FlaskClient, desk: WebDesk) -> None:
    a_conversation()

    def fails(_command: object) -> NoReturn:
        raise OSError

    desk.on_the_way = fails
    assert write(client).status_code == 503
    desk.on_the_way = lambda command: None
    assert (write(client).status_code, replies()) == (202, 1)


def test_an_answer_that_could_not_be_kept_is_made_anew(client: FlaskClient, desk: WebDesk) -> None:
    a_conversation()
    desk.loses_answers = True
    first = write(client)
    assert told(write(client)) == told(first)
    assert replies() == 1


def test_another_process_knows_the_key(
    client: FlaskClient, database: peewee.Database, desk: WebDesk, config: WebConfig
) -> None:
    a_conversation()
    first = write(client)
    later = create_app(WebPorts(database=database, tell=desk.tell, health=Health), config)
    other = later.test_client()
    other.environ_base.update(client.environ_base)
    assert told(write(other)) == told(first)


def test_one_caller_does_not_see_anothers_answers(
    client: FlaskClient, database: peewee.Database, app: Flask
) -> None:
    a_conversation()
    first = write(client)
    link = app.test_client()
    link.get("/", query_string={"token": TOKEN})
    link.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"

    assert write(link).get_json()["mid"] != first.get_json()["mid"]
    assert replies() == 2


def test_one_operator_does_not_see_anothers_answers(app: Flask) -> None:
    a_conversation()
    for name in ("Ada", "Ben"):
        client = app.test_client()
        client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        shown = f"operator.{name}"
        client.set_cookie("moca_session", shown)
        operator = Operator.create(
            name=name, role=OperatorRole.ANSWERS, password_hash="", created_at=AT
        )
        key = hashlib.sha256(shown.encode()).hexdigest()
        Login.create(key=key, operator=operator, opened_at=AT, seen_at=AT, ends_at=after(60))
        assert [write(client).get_json()["author_name"] for _ in range(2)] == [name, name]
    assert replies() == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/conversations/1/reactions", {"mid": "m1", "emoji": "love"}),
        ("/api/conversations/1/close", None),
        ("/api/conversations/1/pause", {"minutes": 5}),
        ("/api/conversations/2/reopen", None),
        ("/api/conversations/3/resume", None),
        ("/api/queue/freeze", None),
        ("/api/queue/1/edit", {"text": "At ten."}),
        ("/api/queue/1/cancel", None),
        ("/api/queue/2/retry", None),
        ("/api/queue/3/settle", {"delivered": True}),
        ("/api/accounts", {"account_id": "1784", "access_token": "secret"}),
    ],
)
def test_every_post_is_carried_out_once(
    sealing_client: FlaskClient, path: str, body: dict[str, Any] | None
) -> None:
    talk = a_conversation()
    a_question(talk)
    for number, status in enumerate(("queued", "failed", "unknown")):
        reply = a_reply(talk, status, text=f"text {number}")
        an_item(reply, status.replace("queued", "pending"), sending_at=after(5))
    for psid, status in (("701", "closed"), ("702", "paused")):
        a_conversation(a_contact(psid), status=status)

    first, again = [sealing_client.post(path, json=body, headers=KEY) for _ in range(2)]

    assert first.status_code in {200, 201, 202}
    assert told(again) == told(first)
    assert AuditEntry.select().count() == 1


@pytest.fixture
def sealing_client(database: peewee.Database, desk: WebDesk, config: WebConfig) -> FlaskClient:
    ports = WebPorts(database=database, tell=desk.tell, health=Health, seal=lambda token: "sealed")
    client = create_app(ports, config).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


def test_erasing_the_contact_leaves_nothing_of_the_answer(
    client: FlaskClient, desk: WebDesk, database: peewee.Database
) -> None:
    a_conversation()
    write(client)
    assert "At nine." in (IdempotencyKey.get().body or "")

    desk.tell(EraseContact(ContactKey(ACCOUNT, "700"), AT))

    assert IdempotencyKey.select().count() == 0
    assert write(client).status_code == 404


def test_neither_the_key_nor_the_words_can_be_read_out_of_what_is_kept(client: FlaskClient) -> None:
    a_conversation()
    write(client, key="the clients own key")
    row = IdempotencyKey.get()
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in (row.key, row.fingerprint))
