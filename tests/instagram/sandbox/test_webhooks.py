from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import pytest
from flask import Flask, request

from moca.instagram.sandbox.webhooks import WebhookDelivery
from moca.instagram.signature import signer
from tests.instagram.conftest import Serve


class Receiver:
    """Accepts webhooks and answers each with the next of its statuses, then with 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.received: Queue[tuple[bytes, str | None]] = Queue()
        self.app = Flask("receiver")
        self.app.add_url_rule("/webhook", view_func=self.receive, methods=["POST"])

    def receive(self) -> tuple[str, int]:
        body = request.get_data()
        self.received.put((body, request.headers.get("X-Hub-Signature-256")))
        return "", self.statuses.pop(0) if self.statuses else 200

    def next_body(self) -> bytes:
        body, signature = self.received.get(timeout=10)
        assert signer(body, signature, ["secret"]) == "secret"
        return body


@contextmanager
def delivering(url: str) -> Iterator[WebhookDelivery]:
    delivery = WebhookDelivery(url + "/webhook", "secret")
    delivery.start()
    try:
        yield delivery
    finally:
        delivery.stop()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moca.instagram.sandbox.webhooks._RETRY_AFTER_SECONDS", (0.01, 0.01))


def test_webhooks_arrive_signed_and_in_order(serve: Serve) -> None:
    receiver = Receiver()
    with delivering(serve(receiver.app)) as delivery:
        assert [delivery.put(body) for body in (b"1", b"2", b"3")] == [True, True, True]
        assert [receiver.next_body() for _ in range(3)] == [b"1", b"2", b"3"]


@pytest.mark.parametrize("status", [302, 400, 503])
def test_what_is_not_answered_200_comes_again(serve: Serve, status: int) -> None:
    receiver = Receiver(status, status)
    with delivering(serve(receiver.app)) as delivery:
        delivery.put(b"1")
        assert [receiver.next_body() for _ in range(3)] == [b"1", b"1", b"1"]


def test_one_that_nobody_takes_is_given_up_and_others_go(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(500, 500, 500)
    with delivering(serve(receiver.app)) as delivery:
        delivery.put(b"1")
        assert [receiver.next_body() for _ in range(3)] == [b"1", b"1", b"1"]
        delivery.put(b"2")
        assert receiver.next_body() == b"2"
    assert "given up after 3 attempts" in caplog.text


def test_a_full_queue_and_a_stopped_delivery_take_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moca.instagram.sandbox.webhooks._WAITING_AT_MOST", 1)
    delivery = WebhookDelivery("http://127.0.0.1:1", "secret")
    assert (delivery.put(b"1"), delivery.put(b"2")) == (True, False)
    delivery.stop()
    assert delivery.put(b"3") is False
