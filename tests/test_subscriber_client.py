"""What a subscriber is sent, by real requests."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

from moca.core.subscribers import signature_of
from moca.subscriber_client import SubscriberAnswer, SubscriberClient
from tests.instagram.conftest import served

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"id":7}'


@pytest.fixture
def came() -> list[Any]:
    return []


@pytest.fixture
def url(came: list[Any]) -> Iterator[str]:
    app = Flask("subscriber")

    @app.post("/hook")
    def hook() -> ResponseReturnValue:
        came.append((dict(request.headers), request.get_data(), request.query_string))
        return "", request.args.get("status", 204, int)

    @app.post("/away")
    def away() -> ResponseReturnValue:
        return redirect("/hook", 307)

    with served(app) as address:
        yield address


def send(url: str, client: SubscriberClient | None = None) -> SubscriberAnswer:
    client = client or SubscriberClient(allows_private=True)
    return client.send(url, SECRET, event_id="evt_7", timestamp=1_800_000_000, body=BODY)


def test_an_event_is_posted_with_the_headers_of_standard_webhooks(
    url: str, came: list[Any]
) -> None:
    assert send(f"{url}/hook?key=1") == SubscriberAnswer()
    ((headers, body, query),) = came
    assert (body, query) == (BODY, b"key=1")
    assert headers["Content-Type"] == "application/json"
    assert headers["Webhook-Id"] == "evt_7"
    assert headers["Webhook-Timestamp"] == "1800000000"
    assert headers["Webhook-Signature"] == signature_of(SECRET, "evt_7", 1_800_000_000, BODY)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/hook?status=500", SubscriberAnswer("status 500")),
        ("/hook?status=410", SubscriberAnswer("status 410", is_gone=True)),
        ("/away", SubscriberAnswer("status 307")),
    ],
)
def test_anything_but_2xx_is_a_failure(url: str, path: str, answer: SubscriberAnswer) -> None:
    assert send(f"{url}{path}") == answer


def test_a_private_address_is_not_called(url: str, came: list[Any]) -> None:
    answer = send("https://localhost:1/hook", SubscriberClient())
    assert answer.fault.startswith("not an address of the public Internet")
    assert send(f"{url}/hook", SubscriberClient()).fault.startswith("url: must be a URL with https")
    assert came == []


def test_one_that_does_not_answer_is_a_failure() -> None:
    assert send("http://127.0.0.1:1/hook").fault.startswith("no response: ")
