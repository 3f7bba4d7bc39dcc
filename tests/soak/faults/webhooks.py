"""What is posted to the webhook beside what Meta owes: bad bodies, and old ones again."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread

import requests

from moca.instagram.signature import sign
from tests.process.service import APP_SECRET
from tests.soak.delivery import SIGNATURE, Delivery, SignedWebhook
from tests.soak.schedule import DrawnFault, FaultKind
from tests.soak.subject import Subject
from tests.support.direct_session import direct_session

_EVERY_SECONDS = 0.1
_DEEP = 100_000
_HUGE_BYTES = 5 * 2**20
_GOOD = json.dumps({"object": "instagram", "entry": []}).encode()


def draw_bad(draw: Random) -> SignedWebhook:
    """Draw a webhook that must be refused."""
    body = draw.choice(
        (
            b"",
            _GOOD[: draw.randrange(1, len(_GOOD))],
            b"[" * _DEEP,
            b'{"object":' * _DEEP,
            draw.randbytes(200),
            b'{"object":"page","entry":[]}',
            b'"' + b"a" * _HUGE_BYTES + b'"',
        )
    )
    if draw.random() < 0.3:
        return SignedWebhook(_GOOD, sign(_GOOD, "another secret"))
    return SignedWebhook(body, sign(body, APP_SECRET))


@dataclass(slots=True)
class Posts:
    """Posts what it draws until it ends."""

    url: str
    draw: Callable[[Random], SignedWebhook | None]
    is_right: Callable[[int], bool]
    """Whether this status may come."""
    kind: FaultKind
    count: int = 0
    _is_over: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        self._is_over.clear()
        self._thread = Thread(target=self._post, args=(subject, Random(drawn.chance)), daemon=True)
        self._thread.start()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        self._is_over.set()
        assert self._thread is not None
        self._thread.join()

    def _post(self, subject: Subject, draw: Random) -> None:
        with direct_session() as session:
            while not self._is_over.wait(_EVERY_SECONDS):
                webhook = self.draw(draw)
                if webhook is None:
                    continue
                headers = {SIGNATURE: webhook.signature}
                try:
                    answer = session.post(self.url, webhook.body, headers=headers, timeout=10)
                except requests.RequestException:
                    continue
                self.count += 1
                if not self.is_right(answer.status_code):
                    begin = webhook.body[:40]
                    subject.blame(f"a webhook {begin!r} got {answer.status_code}")


def bad_webhooks(url: str) -> Posts:
    """Wrong signatures, cut-off, deep and huge bodies: 4xx, or 503 where nothing can be stored."""
    kind = FaultKind("bad webhooks", 2, (3.0, 10.0), frozenset({"bad webhooks"}))
    return Posts(url, draw_bad, lambda status: 400 <= status < 500 or status == 503, kind)


def redelivered_webhooks(url: str, delivery: Delivery) -> Posts:
    """What was acknowledged long ago, again and in any order."""
    kind = FaultKind("redeliveries", 2, (3.0, 10.0), frozenset({"redeliveries"}))

    def draw_old(draw: Random) -> SignedWebhook | None:
        return draw.choice(delivery.acknowledged) if delivery.acknowledged else None

    return Posts(url, draw_old, lambda status: status in (200, 503), kind)
