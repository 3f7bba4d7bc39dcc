from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from tests.web.rows import (
    ACCOUNT,
    a_conversation,
    a_question,
    a_reply,
    a_step,
    after,
    an_answered_question,
    an_item,
)

PERSON = {"account_id": ACCOUNT, "psid": "700", "name": "Ada"}


def journey(client: FlaskClient, mid: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/messages/{quote(mid, safe='')}/journey").get_json()
    return found


def test_a_message_is_shown_whole(client: FlaskClient) -> None:
    an_answered_question()

    assert client.get("/api/messages/m1").get_json() == {
        "mid": "m1",
        "kind": "message",
        "type": "text",
        "role": "user",
        "author": "contact",
        "author_name": None,
        "text": "When are you open?",
        "status": "received",
        "processed": True,
        "outcome": "answered",
        "because": "answered by r1",
        "contact": PERSON,
        "conversation_id": "1",
        "created_at": "2026-11-22T12:00:00Z",
        "sent_at": None,
        "reply_mid": "r1",
        "duplicate_of_mid": None,
        "redeliveries": 0,
        "content": None,
        "made_by": None,
        "ai_generated": None,
        "topic": None,
        "drafted_text": None,
    }


@pytest.mark.parametrize(
    ("columns", "made_by", "is_ai"),
    [
        (
            {"generator": "rules", "rule": "prices", "is_ai_generated": False},
            {"generator": "rules", "rule": "prices", "bot": "default", "version": None},
            False,
        ),
        (
            {"generator": "model", "is_ai_generated": True},
            {"generator": "model", "rule": None, "bot": "default", "version": None},
            True,
        ),
        (
            {"generator": "fixed", "is_ai_generated": False, "bot": "shop", "bot_version": 7},
            {"generator": "fixed", "rule": None, "bot": "shop", "version": 7},
            False,
        ),
        ({"is_ai_generated": False}, None, False),
        ({"author": "operator"}, None, None),
    ],
)
def test_what_made_a_reply_is_told(
    client: FlaskClient, columns: dict[str, Any], made_by: dict[str, Any] | None, is_ai: bool | None
) -> None:
    a_reply(a_conversation(), **columns)
    told = client.get("/api/messages/moca-1").get_json()
    assert (told["made_by"], told["ai_generated"]) == (made_by, is_ai)


def test_an_edited_draft_is_told_with_both_texts(client: FlaskClient) -> None:
    a_reply(a_conversation(), "held", topic="prices", drafted_text="At eight.")
    told = client.get("/api/messages/moca-1").get_json()
    texts = (told["text"], told["drafted_text"])
    assert (told["status"], told["topic"], *texts) == ("held", "prices", "At nine.", "At eight.")


def test_a_reply_without_an_id_of_instagrams_is_named_by_ours_for_ever(client: FlaskClient) -> None:
    reply = a_reply(a_conversation())
    assert client.get("/api/messages/moca-1").get_json()["mid"] == "moca-1"

    reply.mid = "r1"
    reply.save()
    assert client.get("/api/messages/moca-1").get_json()["mid"] == "r1"
    assert client.get("/api/messages/r1").get_json()["mid"] == "r1"


@pytest.mark.parametrize("mid", ["aWdf:1/2==", "a//b", "/a", "a/", "ä ☕", "%2F", "a?b#c", "m+1"])
def test_an_id_may_hold_anything(client: FlaskClient, mid: str) -> None:
    a_question(a_conversation(), mid)

    assert client.get(f"/api/messages/{quote(mid, safe='')}").get_json()["mid"] == mid
    assert journey(client, mid)["mid"] == mid


def test_a_message_is_found_by_the_number_that_it_has_in_logs(client: FlaskClient) -> None:
    question = a_question(a_conversation())

    assert client.get(f"/api/messages/message-{question.id}").get_json()["mid"] == question.mid
    assert client.get(f"/api/messages/message-{question.id + 1}").status_code == 404


@pytest.mark.parametrize(
    "mid", ["m2", "moca-1", "moca-99999999999999999999", "%00", "%ff", "x" * 999]
)
def test_an_unknown_id_is_not_found(client: FlaskClient, mid: str) -> None:
    a_question(a_conversation())

    answer = client.get(f"/api/messages/{mid}")

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "not_found")
    assert client.get(f"/api/messages/{mid}/journey").status_code == 404


def test_a_journey_holds_the_steps_of_the_reply_in_the_order_of_time(client: FlaskClient) -> None:
    an_answered_question()

    told = journey(client, "m1")

    assert (told["mid"], told["outcome"], told["because"]) == ("m1", "answered", "answered by r1")
    assert told["waiting"] is None
    assert [(step["mid"], step["stage"], step["outcome"]) for step in told["steps"]] == [
        ("m1", "reception", "received"),
        ("m1", "storage", "stored"),
        ("m1", "deduplication", "passed"),
        ("m1", "debounce", "passed"),
        ("m1", "generation", "generated"),
        ("m1", "queue", "queued"),
        ("r1", "queue", "queued"),
        ("r1", "sending", "claimed"),
        ("m1", "outcome", "answered"),
        ("r1", "sending", "sent"),
        ("r1", "delivery", "echoed"),
    ]
    assert told["steps"][1] == {
        "mid": "m1",
        "at": "2026-11-22T12:00:00.004000Z",
        "stage": "storage",
        "outcome": "stored",
        "detail": "",
    }


def test_a_replys_own_journey_ends_with_its_status(client: FlaskClient) -> None:
    an_answered_question()

    told = journey(client, "r1")

    assert told["outcome"] == "sent"
    assert [step["outcome"] for step in told["steps"]] == ["queued", "claimed", "sent", "echoed"]


def waits(client: FlaskClient, mid: str = "m1") -> tuple[str, str, str | None]:
    told = journey(client, mid)
    assert told["outcome"] is None
    assert told["because"] == told["waiting"]["because"]
    return tuple(told["waiting"][key] for key in ("stage", "because", "until"))


def test_an_open_message_tells_that_its_burst_is_being_gathered(client: FlaskClient) -> None:
    conversation = a_conversation()
    a_question(conversation, "m1")
    a_question(conversation, "m2", created_at=after(3))

    until = "2026-11-22T12:00:05Z"
    assert waits(client, "m1") == ("debounce", "waiting for more messages", until)
    assert waits(client, "m2") == ("debounce", "waiting for more messages", until)


def test_an_open_message_tells_of_the_cooldown(client: FlaskClient) -> None:
    a_question(a_conversation(cooldown_until=after(30)))

    because = "cooldown after the last reply"
    assert waits(client) == ("cooldown", because, "2026-11-22T12:00:30Z")


def test_an_open_message_tells_of_the_reply_before_it(client: FlaskClient) -> None:
    conversation = a_conversation()
    an_item(a_reply(conversation))
    a_question(conversation)

    assert waits(client) == ("cooldown", "waiting for the previous reply to go out", None)


def test_an_open_message_tells_that_its_reply_is_being_written(client: FlaskClient) -> None:
    a_step(a_question(a_conversation()), 5, "generation", "started")

    assert waits(client) == ("generation", "writing the reply", None)


@pytest.mark.parametrize(
    ("status", "item", "waiting"),
    [
        (
            "queued",
            {"scheduled_for": after(60)},
            ("queue", "scheduled for later", "2026-11-22T12:01:00Z"),
        ),
        ("queued", {"scheduled_for": after(0)}, ("queue", "waiting for its turn", None)),
        ("sending", {}, ("sending", "sending the reply", None)),
        ("unknown", {}, ("settling", "checking whether the reply was delivered", None)),
    ],
)
def test_an_open_message_tells_how_far_its_reply_is(
    client: FlaskClient,
    status: str,
    item: dict[str, datetime],
    waiting: tuple[str, str, str | None],
) -> None:
    conversation = a_conversation()
    reply = a_reply(conversation, status)
    an_item(reply, "pending" if status == "queued" else status, **item)
    a_question(conversation, processed=True, reply=reply)

    assert waits(client) == waiting


def test_a_queued_reply_tells_of_the_last_one_to_the_same_person(
    client: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    conversation = a_conversation()
    an_item(a_reply(conversation, "sent", mid="r1"), "sent", sending_at=after(2))
    reply = a_reply(conversation)
    an_item(reply, scheduled_for=after(0))
    a_question(conversation, processed=True, reply=reply)
    frozen.tick(timedelta(seconds=3))

    because = "one reply per contact every 7 s"
    assert waits(client) == ("queue", because, "2026-11-22T12:00:09Z")
