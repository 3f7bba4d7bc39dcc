import pytest

from moca.core.messages.operating import CancelReply, RetryReply, SettleReply
from moca.core.messages.receipt import Conflict
from tests.web.rows import (
    ACCOUNT,
    AT,
    a_conversation,
    a_reply,
    after,
    an_answered_question,
    an_item,
)

NONE = {"pending": 0, "sending": 0, "sent": 0, "failed": 0, "unknown": 0, "cancelled": 0}


def walk(client, **query):
    found, cursor = [], None
    while True:
        asked = query | ({"cursor": cursor} if cursor else {})
        told = client.get("/api/queue", query_string=asked).get_json()
        found += [item["id"] for item in told["items"]]
        cursor = told["next_cursor"]
        if cursor is None:
            return found


def test_an_empty_queue_names_every_status(client):
    assert client.get("/api/queue").get_json() == {
        "counts": NONE,
        "items": [],
        "next_cursor": None,
    }


def test_a_queue_item_is_shown_whole(client):
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
def test_pending_items_are_listed_in_the_order_of_going_others_newest_first(client, limit):
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
        ("settle", {"delivered": True}, SettleReply(1, delivered=True, at=AT)),
        ("settle", {"delivered": False}, SettleReply(1, delivered=False, at=AT)),
    ],
)
def test_an_operators_word_on_an_item_is_handed_over(client, house, action, body, command):
    an_item(a_reply(a_conversation()), scheduled_for=after(9))
    sent = {} if body is None else {"json": body}

    answer = client.post(f"/api/queue/1/{action}", **sent)

    assert (answer.status_code, answer.get_json()["id"]) == (200, "1")
    assert house.told == [command]


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_what_the_state_does_not_allow_is_a_conflict(client, house, action):
    an_item(a_reply(a_conversation()), "sent")
    house.answer = Conflict("the reply is sent")

    answer = client.post(f"/api/queue/1/{action}")

    told = {"error": {"code": "conflict", "message": "the reply is sent"}}
    assert (answer.status_code, answer.get_json()) == (409, told)


@pytest.mark.parametrize("body", [{}, {"delivered": "yes"}, {"delivered": 1}, {"delivered": None}])
def test_settling_needs_a_plain_yes_or_no(client, house, body):
    an_item(a_reply(a_conversation()), "unknown")

    assert client.post("/api/queue/1/settle", json=body).status_code == 422
    assert house.told == []
