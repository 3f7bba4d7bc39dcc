"""Meta's side of the webhook: between the stand-in and Moca, and it repeats until a 200."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Condition, Event, Thread
from time import monotonic
from typing import Any

import requests

from tests.support.direct_session import direct_session

SIGNATURE = "X-Hub-Signature-256"
_THREADS = 12
_TIMEOUT_SECONDS = 10
_LONGEST_WAIT_SECONDS = 8.0
_LATE, _LATE_BY_SECONDS = 0.03, (1.0, 20.0)
"""How many webhooks overtake others, and by how much those are late."""


@dataclass(frozen=True, slots=True)
class SignedWebhook:
    """A body with its signature."""

    body: bytes
    signature: str

    @property
    def mid(self) -> str | None:
        """The id of the contact's message that it tells; None if it tells something else."""
        item: dict[str, Any] = json.loads(self.body)["entry"][0]["messaging"][0]
        message = item.get("message") or item.get("postback") or {}
        return None if message.get("is_echo") else message.get("mid")


class Delivery:
    """Takes webhooks over HTTP at `url`, and posts them to Moca on several threads."""

    def __init__(self, target: str, seed: int) -> None:
        self.acked: dict[str, datetime] = {}
        """When each message was first answered with 200, by its id."""
        self.acknowledged: list[SignedWebhook] = []
        self._target = target
        self._draw = Random(seed)
        self._waiting: list[tuple[float, int, int, SignedWebhook]] = []
        self._changed = Condition()
        self._under_way = 0
        self._count = 0
        self._is_over = Event()
        delivery = self

        class Post(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                delivery.take(SignedWebhook(body, self.headers[SIGNATURE]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is logged."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Deliver while the block runs."""
        threads = [Thread(target=self._deliver, daemon=True) for _ in range(_THREADS)]
        threads.append(Thread(target=self._server.serve_forever, daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            self._server.shutdown()
            self._server.server_close()
            for thread in threads:
                thread.join()

    def take(self, webhook: SignedWebhook) -> None:
        """Queue a webhook; now and then one is late."""
        is_late = self._draw.random() < _LATE
        self._put(webhook, 0, self._draw.uniform(*_LATE_BY_SECONDS) if is_late else 0.0)

    def is_done(self) -> bool:
        """Return whether all were acknowledged."""
        with self._changed:
            return not self._waiting and not self._under_way

    def _put(self, webhook: SignedWebhook, attempts: int, wait: float) -> None:
        with self._changed:
            self._count += 1
            heappush(self._waiting, (monotonic() + wait, self._count, attempts, webhook))
            self._changed.notify()

    def _take(self) -> tuple[int, SignedWebhook] | None:
        with self._changed:
            while not self._is_over.is_set():
                wait = self._waiting[0][0] - monotonic() if self._waiting else 1.0
                if wait <= 0:
                    _, _, attempts, webhook = heappop(self._waiting)
                    self._under_way += 1
                    return attempts, webhook
                self._changed.wait(min(wait, 1.0))
        return None

    def _deliver(self) -> None:
        with direct_session() as session:
            while (due := self._take()) is not None:
                attempts, webhook = due
                if self._post(session, webhook):
                    self._note(webhook)
                else:
                    self._put(webhook, attempts + 1, min(0.5 * 2**attempts, _LONGEST_WAIT_SECONDS))
                with self._changed:
                    self._under_way -= 1

    def _post(self, session: requests.Session, webhook: SignedWebhook) -> bool:
        headers = {"Content-Type": "application/json", SIGNATURE: webhook.signature}
        try:
            answer = session.post(
                self._target, webhook.body, headers=headers, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException:
            return False
        return answer.status_code == HTTPStatus.OK

    def _note(self, webhook: SignedWebhook) -> None:
        mid = webhook.mid
        if mid is not None:
            self.acked.setdefault(mid, datetime.now(UTC))
        self.acknowledged.append(webhook)
