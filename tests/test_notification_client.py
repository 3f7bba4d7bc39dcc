"""Notifications are sent as signed JSON over real HTTP on the loopback."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from moca.core.notifications import Notification, NotificationKind
from moca.notification_client import NotificationClient
from tests.support.factory import ANNA, at

SECRET = "0123456789abcdef"
NOTICE = Notification(
    id=7,
    kind=NotificationKind.HANDED_OVER,
    because="the contact asked for a person",
    account_id=ANNA.account_id,
    psid=ANNA.psid,
    conversation_id=12,
    created_at=at(5),
)


class Listener(HTTPServer):
    """Records what is posted, and answers with a configured status."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.posted: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield listener
    listener.shutdown()
    thread.join()
    listener.server_close()


def test_a_notice_is_signed_and_says_whom_it_is_about_and_why(listener: Listener) -> None:
    assert NotificationClient(listener.url, SECRET, 5).send(NOTICE) == ""
    ((headers, body),) = listener.posted
    assert json.loads(body) == {
        "id": 7,
        "kind": "handed_over",
        "reason": "the contact asked for a person",
        "account_id": ANNA.account_id,
        "contact": ANNA.psid,
        "conversation_id": 12,
        "at": "2026-11-22T12:00:05+00:00",
    }
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Moca-Signature-256"] == f"sha256={expected}"


def test_a_notice_about_no_account_says_so(listener: Listener) -> None:
    assert NotificationClient(listener.url, SECRET, 5).send(replace(NOTICE, account_id="")) == ""
    ((_headers, body),) = listener.posted
    assert json.loads(body)["account_id"] is None


@pytest.mark.parametrize("status", [302, 404, 500])
def test_anything_but_a_success_is_a_fault_and_no_redirect_is_followed(
    listener: Listener, status: int
) -> None:
    listener.status = status
    assert NotificationClient(listener.url, SECRET, 5).send(NOTICE) == f"status {status}"
    assert len(listener.posted) == 1


def test_nobody_there_is_a_fault_that_names_no_address() -> None:
    fault = NotificationClient("http://127.0.0.1:1/hook?key=secret", SECRET, 1).send(NOTICE)
    assert fault == "no response: ConnectionError"
