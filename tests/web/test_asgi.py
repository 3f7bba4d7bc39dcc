import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import peewee
import pytest
from flask import Flask, request

from moca.core.messages.inbound import RecordWebhook
from moca.instagram.events import read_webhook
from moca.instagram.signature import sign
from moca.web.asgi import ReceiptWaiter, WebhookGateway
from moca.web.config import WebConfig, WebPorts
from moca.web.metrics.prometheus import Metrics
from moca.web.webhook import MAX_BODY_BYTES, WEBHOOK_PATH
from tests.support.values import of_kind, only, present
from tests.web.asgi_client import knock
from tests.web.conftest import Backend
from tests.web.rows import AT
from tests.web.test_webhook import SAMPLE, SIGNATURE, full_of


@pytest.fixture
def seen(app: Flask) -> list[str]:
    """The requests that reached Flask."""
    requests = []
    app.before_request_funcs.setdefault(None, []).append(lambda: requests.append("seen"))
    return requests


@pytest.fixture
def door(
    app: Flask, database: peewee.Database, backend: Backend, config: WebConfig, metrics: Metrics
) -> Iterator[WebhookGateway]:
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    gateway = WebhookGateway(app, ports, config, metrics, threads=2)
    yield gateway
    gateway.close()


def test_a_webhook_as_meta_sends_it_is_answered_before_flask(
    door: WebhookGateway, backend: Backend, seen: list[str]
) -> None:
    answer = knock(door, SAMPLE)
    assert (answer.status, answer.body, seen) == (200, b"EVENT_RECEIVED", [])
    assert answer.headers == {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "14",
        "x-content-type-options": "nosniff",
    }
    assert backend.commands == [
        RecordWebhook(SAMPLE, read_webhook(SAMPLE, live=False), AT, SIGNATURE)
    ]


def test_a_body_may_come_in_pieces(door: WebhookGateway, backend: Backend) -> None:
    assert knock(door, SAMPLE[:10], SAMPLE[10:]).status == 200
    assert [of_kind(command, RecordWebhook).body for command in backend.commands] == [SAMPLE]


def test_a_body_that_is_cut_off_is_refused(
    door: WebhookGateway, backend: Backend, seen: list[str]
) -> None:
    answer = knock(door, SAMPLE, goes_away=True)
    assert (answer.status, json.loads(answer.body)["error"]) == (
        400,
        {"code": "bad_request", "message": "The request body is incomplete."},
    )
    assert answer.headers["connection"] == "close"
    assert (backend.commands, seen) == ([], [])


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [(SAMPLE, "not ours", 403), (b"{", "second-secret", 400), (b"{}", "second-secret", 404)],
)
def test_both_doors_refuse_a_webhook_alike(
    door: WebhookGateway, app: Flask, seen: list[str], body: bytes, secret: str, status: int
) -> None:
    answer = knock(door, body, secret=secret)
    assert seen == []
    headers = {"X-Hub-Signature-256": sign(body, secret)}
    by_flask = app.test_client().post(WEBHOOK_PATH, data=body, headers=headers)
    assert (answer.status, answer.body) == (status, by_flask.data)


def test_a_body_of_unannounced_length_is_taken_in_by_its_size(
    door: WebhookGateway, backend: Backend, seen: list[str]
) -> None:
    chunked = {"content-length": None, "transfer-encoding": "chunked"}
    assert knock(door, SAMPLE, headers=chunked).status == 200
    assert (len(backend.commands), seen) == (1, [])


def test_a_large_body_is_for_a_thread(
    door: WebhookGateway, backend: Backend, seen: list[str]
) -> None:
    assert knock(door, SAMPLE + b" " * 64 * 1024).status == 200
    assert (len(backend.commands), seen) == (1, ["seen"])


def test_a_small_body_that_tells_much_is_for_a_thread(
    door: WebhookGateway, backend: Backend, seen: list[str]
) -> None:
    assert knock(door, full_of(5_005)).status == 200
    assert (len(backend.commands), seen) == (1, ["seen"])


@pytest.mark.parametrize(
    ("path", "max_bytes"), [(WEBHOOK_PATH, MAX_BODY_BYTES), ("/login", 1024 * 1024)]
)
def test_a_body_that_is_too_large_is_refused_before_flask(
    door: WebhookGateway, seen: list[str], path: str, max_bytes: int
) -> None:
    assert knock(door, b" " * max_bytes, path=path).status in {400, 403}
    assert seen.pop() == "seen"
    answer = knock(door, b" " * max_bytes, b" ", b" ", path=path)
    assert (answer.status, answer.headers["connection"], seen) == (413, "close", [])


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("POST", 405)])
def test_health_is_told_before_flask(
    door: WebhookGateway, seen: list[str], method: str, status: int
) -> None:
    answer = knock(door, b"", method=method, path="/healthz")
    assert (answer.status, seen) == (status, [] if status == 200 else ["seen"])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_health_is_told_as_flask_tells_it(door: WebhookGateway, app: Flask) -> None:
    answer, told = (
        knock(door, b"", method="GET", path="/healthz"),
        app.test_client().get("/healthz"),
    )
    assert (answer.body, answer.headers["content-type"]) == (told.data, told.content_type)


def test_all_else_is_flasks(door: WebhookGateway, seen: list[str]) -> None:
    answer = knock(door, b"", method="GET", path="/readyz")
    assert (answer.status, seen) == (200, ["seen"])


@pytest.mark.parametrize("path", ["//metrics", "/%6detrics", "/%6Detrics", "//", "/m%65trics"])
def test_an_address_that_is_spelled_oddly_leads_nowhere(
    door: WebhookGateway, seen: list[str], path: str
) -> None:
    assert (knock(door, b"", method="GET", path=path).status, seen) == (404, [])


@pytest.mark.parametrize("path", ["/%61pi/instagram/webhook", f"/{WEBHOOK_PATH}"])
def test_no_webhook_is_taken_in_at_an_address_spelled_oddly(
    door: WebhookGateway, backend: Backend, path: str
) -> None:
    assert (knock(door, SAMPLE, path=path).status, backend.commands) == (404, [])


@pytest.mark.parametrize("path", ["/messages/m%2F1%3D", "/messages/m//1", "/messages/m%C3%A9"])
def test_an_id_may_be_encoded_as_it_must_be(
    door: WebhookGateway, seen: list[str], path: str
) -> None:
    knock(door, b"", method="GET", path=path)
    assert seen == ["seen"]


@pytest.mark.parametrize("path", [WEBHOOK_PATH, "/readyz"])
@pytest.mark.parametrize(
    ("version", "host", "status"),
    [("1.1", None, 400), ("1.1", "", 400), ("1.0", "", 200), ("1", "", 200), ("1.1", "h", 200)],
)
def test_http_1_1_without_a_host_is_refused(
    door: WebhookGateway, path: str, version: str, host: str | None, status: int
) -> None:
    method = "POST" if path == WEBHOOK_PATH else "GET"
    body = SAMPLE if path == WEBHOOK_PATH else b""
    answer = knock(door, body, method=method, path=path, version=version, headers={"host": host})
    assert answer.status == status


@pytest.mark.parametrize("signature", [str.upper, lambda told: told.replace("sha256=", "SHA256=")])
def test_a_signature_in_capitals_is_refused(
    door: WebhookGateway, signature: Callable[[str], str]
) -> None:
    headers = {"x-hub-signature-256": signature(sign(SAMPLE, "second-secret"))}
    assert knock(door, SAMPLE, headers=headers).status == 403


@pytest.mark.parametrize("query", [b"q=%C3%A9", "q=é".encode(), b"q=\xff"])
def test_a_query_may_hold_any_bytes(door: WebhookGateway, app: Flask, query: bytes) -> None:
    asked = []
    app.before_request_funcs.setdefault(None, []).append(lambda: asked.append(request.args["q"]))
    assert knock(door, b"", method="GET", path="/readyz", query=query).status == 200
    assert asked == ["%FF" if query == b"q=\xff" else "é"]


def test_what_could_not_be_stored_is_told_once_and_refused(
    door: WebhookGateway, backend: Backend, seen: list[str]
) -> None:
    backend.answer = OSError("disk full")
    answer = knock(door, SAMPLE)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, "unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["retry-after"] == "5"
    assert (len(backend.commands), seen) == (1, [])


def test_what_nobody_confirms_in_time_is_refused_and_its_receipt_left_alone(
    door: WebhookGateway, backend: Backend
) -> None:
    backend.answer = None
    assert knock(door, SAMPLE).status == 503
    command = only(backend.commands, RecordWebhook)
    present(command.receipt).set_result("late")


def test_many_receipts_answered_on_another_thread_wake_their_coroutines() -> None:
    awaited = ReceiptWaiter()
    receipts: list[Future[int]] = [Future() for _ in range(100)]

    def answer_all() -> None:
        for number, receipt in enumerate(receipts):
            receipt.set_result(number)

    async def wait_for_all() -> list[int]:
        threading.Thread(target=answer_all).start()
        found: list[int] = await asyncio.gather(*(awaited.answer(each, 60) for each in receipts))
        return found

    assert asyncio.run(wait_for_all()) == list(range(100))
