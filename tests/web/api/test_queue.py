from typing import Any

import pytest
from flask.testing import FlaskClient

from moca.core.messages.command import AwaitedCommand, Conflict
from moca.core.messages.operator_actions import (
    ApproveReply,
    CancelReply,
    DiscardReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.storage.db.metric_tables import Freeze
from tests.web.conftest import Backend
from tests.web.rows import (
    ACCOUNT,
    AT,
    a_contact,
    a_conversation,
    a_reply,
    after,
    an_answered_question,
    an_item,
)

NONE = {"held": 0, "pending": 0, "sending": 0, "sent": 0, "failed": 0, "unknown": 0, "cancelled": 0}


def walk(client: FlaskClient, **query: int | str) -> list[str]:
    found, cursor = [], None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        told = client.get("/api/queue", query_string=asked).get_json()
        found += [item["id"] for item in told["items"]]
        cursor = told["next_cursor"]
        if cursor is None:
            return found


def test_a_parameter_that_is_given_twice_is_refused(client: FlaskClient) -> None:
    told = client.get("/api/queue?status=sent&status=failed")
    error = told.get_json()["error"]
    assert (told.status_code, error["message"]) == (422, "status: must be given once")


def test_an_empty_queue_names_every_status(client: FlaskClient) -> None:
    assert client.get("/api/queue").get_json() == {
        "counts": NONE,
        "items": [],
        "next_cursor": None,
        "frozen_since": None,
    }


def test_a_queue_item_is_shown_whole(client: FlaskClient) -> None:
    an_answered_question()

    told = client.get("/api/queue").get_json()

    assert told["counts"] == NONE | {"sent": 1}
    assert told["items"] == [
        {
            "id": "1",
            "mid": "r1",
            "conversation_id": "1",
            "contact": {"account_id": ACCOUNT, "psid": "700", "name": "Ada"},
            "author": "bot",
            "text": "At nine.",
            "status": "sent",
            "release_at": None,
            "priority": "normal",
            "scheduled_for": "2026-11-22T12:00:05Z",
            "attempts": 1,
            "because": "",
            "created_at": "2026-11-22T12:00:05Z",
            "sending_at": "2026-11-22T12:00:05.200000Z",
            "sent_at": "2026-11-22T12:00:05.400000Z",
            "echoed_at": "2026-11-22T12:00:06Z",
        }
    ]


@pytest.mark.parametrize("limit", [1, 2, 200])
def test_pending_items_are_listed_in_the_order_of_going_others_newest_first(
    client: FlaskClient, limit: int
) -> None:
    conversation = a_conversation()
    for status, priority in (
        ("pending", 1),
        ("pending", 0),
        ("failed", 1),
        ("pending", 2),
        ("pending", 0),
        ("failed", 0),
    ):
        an_item(a_reply(conversation), status, priority=priority)

    assert walk(client, limit=limit, status="pending") == ["2", "5", "1", "4"]
    assert walk(client, limit=limit, status="failed") == ["6", "3"]
    assert walk(client, limit=limit) == ["6", "5", "4", "3", "2", "1"]


@pytest.mark.parametrize(
    ("action", "body", "command"),
    [
        ("cancel", None, CancelReply(1, AT)),
        ("retry", None, RetryReply(1, AT)),
        ("approve", {}, ApproveReply(1, AT)),
        ("approve", {"text": "At ten."}, ApproveReply(1, AT, {1: "At ten."})),
        ("discard", None, DiscardReply(1, AT)),
        ("edit", {"text": "At ten."}, EditReply(1, "At ten.", AT)),
        ("settle", {"delivered": True}, SettleReply(1, delivered=True, at=AT)),
        ("settle", {"delivered": False}, SettleReply(1, delivered=False, at=AT)),
    ],
)
def test_an_operators_word_on_an_item_is_handed_over(
    client: FlaskClient,
    backend: Backend,
    action: str,
    body: dict[str, bool | str] | None,
    command: AwaitedCommand,
) -> None:
    an_item(a_reply(a_conversation()), scheduled_for=after(9))
    sent = {} if body is None else {"json": body}

    answer = client.post(f"/api/queue/1/{action}", **sent)

    assert (answer.status_code, answer.get_json()["id"]) == (200, "1")
    assert backend.commands == [command]


def test_a_held_item_says_when_it_goes_by_itself(client: FlaskClient) -> None:
    an_item(a_reply(a_conversation(), "held"), "held", release_at=after(600))
    an_item(a_reply(a_conversation(a_contact("701")), "held"), "held")

    told = client.get("/api/queue?status=held").get_json()

    assert told["counts"] == NONE | {"held": 2}
    assert [(each["status"], each["release_at"]) for each in told["items"]] == [
        ("held", None),
        ("held", "2026-11-22T12:10:00Z"),
    ]


@pytest.mark.parametrize("action", ["cancel", "retry", "discard"])
def test_what_the_state_does_not_allow_is_a_conflict(
    client: FlaskClient, backend: Backend, action: str
) -> None:
    an_item(a_reply(a_conversation()), "sent")
    backend.answer = Conflict("the reply is sent")

    answer = client.post(f"/api/queue/1/{action}")

    told = {"code": "conflict", "message": "the reply is sent"}
    assert (answer.status_code, answer.get_json()["error"]) == (409, told)


@pytest.mark.parametrize("body", [{}, {"delivered": "yes"}, {"delivered": 1}, {"delivered": None}])
def test_settling_needs_a_plain_yes_or_no(
    client: FlaskClient, backend: Backend, body: dict[str, Any]
) -> None:
    an_item(a_reply(a_conversation()), "unknown")

    assert client.post("/api/queue/1/settle", json=body).status_code == 422
    assert backend.commands == []


@pytest.mark.parametrize(
    ("action", "command"), [("freeze", FreezeQueue(AT)), ("release", ReleaseQueue(AT))]
)
def test_freezing_and_releasing_are_handed_over(
    client: FlaskClient, backend: Backend, action: str, command: AwaitedCommand
) -> None:
    answer = client.post(f"/api/queue/{action}")

    assert (answer.status_code, answer.get_json()) == (200, {"frozen_since": None})
    assert backend.commands == [command]


def test_a_frozen_queue_says_since_when(client: FlaskClient) -> None:
    Freeze.create(name="queue", since_at=AT)
    assert client.get("/api/queue").get_json()["frozen_since"] == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "ä" * 501}, {"text": "a\x00b"}])
def test_a_text_that_cannot_go_is_refused(
    client: FlaskClient, backend: Backend, body: dict[str, str]
) -> None:
    an_item(a_reply(a_conversation()))

    assert client.post("/api/queue/1/edit", json=body).status_code == 422
    assert backend.commands == []


def test_the_forecast_tells_when_it_drains_and_who_falls_out(client: FlaskClient) -> None:
    late = a_conversation(a_contact("701", window_opened_at=after(1 - 24 * 3600)))
    for conversation in (a_conversation(), late, late):
        an_item(a_reply(conversation), scheduled_for=AT)

    assert client.get("/api/queue/forecast").get_json() == {
        "drains_at": "2026-11-22T12:00:00.333333Z",
        "looked_at": 3,
        "pending": 3,
        "falling_out": [
            {
                "item_id": "3",
                "contact": {"account_id": ACCOUNT, "psid": "701"},
                "window_ends_at": "2026-11-22T12:00:01Z",
            }
        ],
        "falling_out_count": 1,
        "delayed": 0,
        "drafts": 0,
        "frozen_since": None,
    }


def test_the_forecast_knows_what_is_held(client: FlaskClient) -> None:
    late = a_conversation(a_contact("701", window_opened_at=after(300 - 24 * 3600)))
    for number, conversation in enumerate((a_conversation(), late), start=1):
        reply = a_reply(conversation, "held", part_of_id=None)
        an_item(reply, "held", release_at=after(600 * number))
    an_item(a_reply(a_conversation(a_contact("702")), "held"), "held")

    found = client.get("/api/queue/forecast").get_json()
    assert found == {
        "drains_at": "2026-11-22T12:10:00Z",
        "looked_at": 2,
        "pending": 0,
        "falling_out": [
            {
                "item_id": "2",
                "contact": {"account_id": ACCOUNT, "psid": "701"},
                "window_ends_at": "2026-11-22T12:05:00Z",
            }
        ],
        "falling_out_count": 1,
        "delayed": 2,
        "drafts": 1,
        "frozen_since": None,
    }
    page = client.get("/queue").text
    assert "1 will miss the reply window:" in page
    assert '<a href="/review">1 draft</a> waits for approval' in page
