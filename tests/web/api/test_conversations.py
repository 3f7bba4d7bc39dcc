import json
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from moca.core.content.content import Content
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import QueueReply
from moca.core.types import Author, ConversationStatus, Priority
from tests.support.values import only
from tests.web.conftest import Backend
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, a_reply, after


def listed(client: FlaskClient, **query: int | str) -> list[str]:
    """Walk a list to its end and return the ids or mids in its order."""
    path = query.pop("path", "/api/conversations")
    found, cursor = [], None
    while True:
        page = client.get(path, query_string=query | ({"cursor": cursor} if cursor else {}))
        told = page.get_json()
        found += [item.get("id") or item["mid"] for item in told["items"]]
        cursor = told["next_cursor"]
        if cursor is None:
            return found


HELD = (ConversationStatus.PAUSED, ConversationStatus.HUMAN, ConversationStatus.STANDBY)


def changed(
    status: ConversationStatus,
    until: datetime | None = None,
    among: tuple[ConversationStatus, ...] = (),
) -> ChangeConversation:
    return ChangeConversation(1, status, AT, until, among=among)


def written(content: Content, *, hold: bool) -> QueueReply:
    return QueueReply(1, (), content, AT, Author.OPERATOR, author_name="API", hold=hold)


def test_a_conversation_is_shown_whole(client: FlaskClient) -> None:
    a_conversation(status="paused", held_until=after(60), last_user_message_at=AT)

    assert client.get("/api/conversations/1").get_json() == {
        "id": "1",
        "contact": {"account_id": ACCOUNT, "psid": "700", "name": "Ada"},
        "status": "paused",
        "held_until": "2026-11-22T12:01:00Z",
        "held_by": None,
        "assignee": None,
        "snooze": None,
        "labels": [],
        "created_at": "2026-11-22T12:00:00Z",
        "last_user_message_at": "2026-11-22T12:00:00Z",
        "last_bot_message_at": None,
        "last_activity_at": "2026-11-22T12:00:00Z",
        "cooldown_until": None,
    }


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_conversations_are_listed_by_latest_activity_each_once(
    client: FlaskClient, limit: int
) -> None:
    for number, seconds in enumerate((30, 10, 10, 10, 20)):
        a_conversation(a_contact(f"70{number}"), last_activity_at=after(seconds))

    assert listed(client, limit=limit) == ["1", "5", "4", "3", "2"]


def test_conversations_are_found_by_status_and_contact(client: FlaskClient) -> None:
    a_conversation(a_contact("701"), status="closed")
    a_conversation(a_contact("702"))

    assert listed(client, status="closed") == ["1"]
    assert listed(client, psid="702") == ["2"]
    assert listed(client, status="closed", psid="702") == []


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_conversations_messages_are_listed_newest_first(client: FlaskClient, limit: int) -> None:
    conversation = a_conversation()
    for mid in ("m1", "m2", "m3"):
        a_question(conversation, mid)
    a_question(a_conversation(a_contact("other")), "elsewhere")

    path = "/api/conversations/1/messages"
    assert listed(client, path=path, limit=limit) == ["m3", "m2", "m1"]


@pytest.mark.parametrize(
    ("was", "action", "command"),
    [
        ("open", "close", changed(ConversationStatus.CLOSED)),
        ("paused", "close", changed(ConversationStatus.CLOSED)),
        ("closed", "reopen", changed(ConversationStatus.OPEN, among=(ConversationStatus.CLOSED,))),
        ("open", "pause", changed(ConversationStatus.PAUSED)),
        ("paused", "resume", changed(ConversationStatus.OPEN, among=HELD)),
        ("human", "resume", changed(ConversationStatus.OPEN, among=HELD)),
    ],
)
def test_an_operators_change_is_handed_over(
    client: FlaskClient, backend: Backend, was: str, action: str, command: ChangeConversation
) -> None:
    a_conversation(status=was)

    answer = client.post(f"/api/conversations/1/{action}")

    assert (answer.status_code, answer.get_json()["id"]) == (200, "1")
    assert backend.commands == [command]


@pytest.mark.parametrize(
    ("body", "until"), [({}, None), ({"minutes": None}, None), ({"minutes": 90}, after(90 * 60))]
)
def test_a_pause_may_have_an_end(
    client: FlaskClient, backend: Backend, body: dict[str, int | None], until: datetime | None
) -> None:
    a_conversation()

    assert client.post("/api/conversations/1/pause", json=body).status_code == 200
    assert backend.commands == [changed(ConversationStatus.PAUSED, until)]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (Conflict("it is closed already"), 409, "conflict"),
        (NotFound(), 404, "not_found"),
        (None, 503, "unavailable"),
        (OSError("disk full"), 503, "unavailable"),
    ],
)
def test_what_the_database_says_to_a_change_is_told(
    client: FlaskClient,
    backend: Backend,
    answer: OSError | Conflict | NotFound | None,
    status: int,
    code: str,
) -> None:
    a_conversation()
    backend.answer = answer

    told = client.post("/api/conversations/1/close")

    assert (told.status_code, told.get_json()["error"]["code"]) == (status, code)


def test_an_operators_reply_is_queued_and_shown(client: FlaskClient, backend: Backend) -> None:
    conversation = a_conversation()
    backend.answer = lambda command: Done(
        a_reply(conversation, author="operator", text=command.content.text).id
    )

    answer = client.post("/api/conversations/1/messages", json={"text": "We open at nine. ☕"})

    told = answer.get_json()
    assert answer.status_code == 202
    assert (told["mid"], told["status"], told["author"]) == ("moca-1", "queued", "operator")
    assert backend.commands == [written(Content(text="We open at nine. ☕"), hold=True)]


def test_an_operators_reply_may_let_the_bot_go_on(client: FlaskClient, backend: Backend) -> None:
    conversation = a_conversation()
    backend.answer = lambda _: Done(a_reply(conversation).id)

    client.post("/api/conversations/1/messages", json={"text": "x", "hold": False})

    assert backend.commands == [written(Content(text="x"), hold=False)]


def test_an_operators_reply_may_be_urgent_and_for_later(
    client: FlaskClient, backend: Backend
) -> None:
    conversation = a_conversation()
    backend.answer = lambda _: Done(a_reply(conversation).id)
    body = {"text": "x", "priority": "high", "scheduled_for": "2026-11-22T14:00:00+01:00"}

    client.post("/api/conversations/1/messages", json=body)

    command = only(backend.commands, QueueReply)
    assert (command.priority, command.scheduled_for) == (Priority.HIGH, after(3600))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": "x" * 10_001},
        {"text": "é" * 5_001},
        {"text": "x", "media": {"type": "image", "url": "https://example.com/a.png"}},
        {"media": {"type": "image", "url": "/etc/passwd"}},
        {"media": {"type": "image", "url": "https://example.com/a.png", "size": 3}},
        {"text": "x", "quick_replies": [{"title": "y" * 21, "payload": "Y"}]},
        {"text": "x", "quick_replies": [{"title": "y", "payload": "Y"}] * 14},
        {"text": "x", "buttons": [{"title": "Open"}]},
        {"text": "x" * 641, "buttons": [{"title": "Open", "payload": "OPEN"}]},
        {"cards": [{"title": "Tea \ud800", "subtitle": "green"}]},
        {"cards": [{"title": "Tea", "subtitle": "green"}] * 11},
        {"heart": "yes"},
        {"text": "x", "hold": "no"},
        {"text": "x", "hold": None},
        {"text": "x", "reply_to": "of somebody else"},
        {"text": "x", "reply_to": "moca-1"},
        {"text": "x", "comment": "of nobody"},
        {"text": "nul \x00"},
        {"text": "surrogate \ud800"},
        {"text": 7},
        {"text": None},
        {"text": "x", "priority": "urgent"},
        {"text": "x", "priority": 0},
        {"text": "x", "scheduled_for": "2026-11-22T14:00:00"},
        {"text": "x", "scheduled_for": 1795352400},
        {"text": "x", "scheduled_for": "soon"},
        {"text": "x", "scheduled_for": "2026-11-22T11:58:00Z"},
        {"text": "x", "scheduled_for": "9999-12-31T23:59:59-14:00"},
        {"text": "x", "scheduled_for": "0001-01-01T00:00:00+14:00"},
        {"text": "x", "colour": "brown"},
    ],
)
def test_a_reply_that_cannot_be_sent_is_refused(
    client: FlaskClient, backend: Backend, body: dict[str, Any]
) -> None:
    a_conversation()

    answer = client.post(
        "/api/conversations/1/messages", data=json.dumps(body), content_type="application/json"
    )

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "invalid")
    assert backend.commands == []


def test_a_reply_of_exactly_ten_thousand_bytes_is_taken(
    client: FlaskClient, backend: Backend
) -> None:
    conversation = a_conversation()
    backend.answer = lambda _: Done(a_reply(conversation).id)

    answer = client.post("/api/conversations/1/messages", json={"text": "é" * 5000})

    assert answer.status_code == 202
