"""The whole journey through a real process on a real port."""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from moca.instagram.signature import sign
from tests.process.instagram import InstagramProcess
from tests.process.service import ACCOUNT, APP_SECRET, Service, eventually

SAMPLE = (
    b'{"object":"instagram","entry":[{"id":"123456789","time":1234567890,"changes":[{"field":'
    b'"messages","value":{"sender":{"id":"user_psid_123"},"recipient":{"id":"page_id_456"},'
    b'"timestamp":"1527459824","message":{"mid":"message_id_789","text":"Hello, I need help with '
    b'my website"}}}]}]}'
)
REPLY = "This would be an AI generated message"
WEBHOOK = "/api/instagram/webhook"
PEOPLE = 24
"""How much the latency to the sandbox may vary between calls while all cores are busy."""


def webhook(mid: str, text: str, psid: str = "7") -> str:
    message = {"sender": {"id": psid}, "recipient": {"id": ACCOUNT}, "message": {"mid": mid}}
    message["message"]["text"] = text
    return json.dumps({"object": "instagram", "entry": [{"id": ACCOUNT, "messaging": [message]}]})


def signed(body: bytes, secret: str = APP_SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": sign(body, secret)}


def posts(service: Service, mid: str, text: str = "Hello", psid: str = "7") -> None:
    body = webhook(mid, text, psid).encode()
    answer = service.post(WEBHOOK, body, signed(body))
    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")


def replies(service: Service) -> list[tuple[str, str]]:
    """Return the service's replies in all conversations, and their status."""
    talks = service.get("/api/conversations")["items"]
    said = [service.get(f"/api/conversations/{talk['id']}/messages")["items"] for talk in talks]
    return [
        (each["text"], each["status"])
        for messages in said
        for each in messages
        if each["role"] == "assistant"
    ]


def test_the_sample_that_everyone_tries_first_is_answered_after_five_seconds(
    make: Callable[[dict[str, Any]], Service],
) -> None:
    service = make({})
    service.start()

    answer = service.post(WEBHOOK, SAMPLE, signed(SAMPLE, "sandbox-app-secret"))
    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    eventually(lambda: service.outcome("message_id_789") == "answered")
    eventually(lambda: "delivery/echoed" in service.steps("message_id_789"))

    message = service.get("/api/messages/message_id_789")
    reply = service.get(f"/api/messages/{message['reply_mid']}")
    assert (message["text"], message["processed"]) == ("Hello, I need help with my website", True)
    assert message["contact"] == {"account_id": "123456789", "psid": "user_psid_123", "name": None}
    assert (reply["text"], reply["status"]) == (REPLY, "sent")
    assert replies(service) == [(REPLY, "sent")]
    steps = service.steps("message_id_789")
    # The echo may overtake the answer to the call.
    assert [*steps[:9], *sorted(steps[9:])] == [
        "reception/received",
        "storage/stored",
        "deduplication/passed",
        "debounce/waiting",
        "debounce/flushed",
        "generation/generated",
        "queue/queued",
        "queue/queued",
        "sending/claimed",
        "delivery/echoed",
        "outcome/answered",
        "sending/sent",
    ]
    told = service.command("journey", "message_id_789")
    assert (told.returncode, told.stderr) == (0, "")
    assert "no duplicate within 10 s" in told.stdout
    assert told.stdout.endswith("outcome: answered\n")


def test_a_redelivery_is_not_answered_twice_neither_now_nor_after_a_restart(moca: Service) -> None:
    posts(moca, "m1")
    posts(moca, "m1")
    eventually(lambda: moca.outcome("m1") == "answered")
    posts(moca, "m1")
    assert moca.stop() == 0
    moca.start()
    posts(moca, "m1")
    posts(moca, "m2", "And one thing more")
    eventually(lambda: moca.outcome("m2") == "answered")

    assert moca.get("/api/messages/m1")["redeliveries"] == 3
    assert replies(moca) == [(REPLY, "sent")] * 2


def test_in_live_mode_meta_is_wherever_the_settings_say(
    beside: Service, stand_in: InstagramProcess
) -> None:
    beside.settings["instagram.mode"] = "live"
    beside.settings["instagram.verify_token"] = "the-verify-token-of-the-test"
    beside.start()
    challenge = "hub.mode=subscribe&hub.verify_token=the-verify-token-of-the-test&hub.challenge=42"

    mid = stand_in.write("7", "Is it live?")
    eventually(lambda: beside.outcome(mid) == "answered")

    assert [text for _, text in stand_in.sent()["7"]] == [REPLY]
    assert beside.get(f"{WEBHOOK}?{challenge}") == 42
    assert beside.get("/sandbox") is None


def test_replies_reach_instagram_at_three_a_second_and_no_faster(
    beside: Service, stand_in: InstagramProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    beside.start()
    for person in range(PEOPLE):
        stand_in.write(str(person), f"I am number {person}")
    eventually(lambda: stand_in.count() == PEOPLE, seconds=40)

    sent = stand_in.sent().values()
    arrivals = sorted(
        datetime.fromisoformat(at).timestamp() for ((at, text),) in sent if text == REPLY
    )
    thirteens = [later - first for first, later in zip(arrivals, arrivals[12:], strict=False)]
    with capsys.disabled():
        span = arrivals[-1] - arrivals[0]
        used = f"{(PEOPLE - 3) / span / 3:.1%} of 3/s"
        sys.stdout.write(f" {used}, thirteen in {min(thirteens):.3f} s at the least ")
    assert len(arrivals) == PEOPLE
    # Each single second is judged in the simulation; here a call may be a second on its way.
    assert min(thirteens) > 12 / 3 - 1
