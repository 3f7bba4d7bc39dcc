"""Traffic on a Moca that is killed repeatedly, and its outcome."""

import json
import random
import time
from dataclasses import dataclass
from itertools import count
from random import Random
from threading import Event, Thread
from typing import Any

import requests

from moca.instagram.signature import sign
from tests.process.instagram import InstagramProcess
from tests.process.service import ACCOUNT, APP_SECRET, Service
from tests.support.direct_session import direct_session

WEBHOOK = "/api/instagram/webhook"
PAUSE_SECONDS = 0.02
START_SECONDS = 1.0
DRAIN_SECONDS = 120


@dataclass(frozen=True)
class TrafficOutcome:
    """The outcome of every message, one per contact."""

    kills: int
    acknowledged: frozenset[str]
    replies: dict[str, int]

    @property
    def lost(self) -> list[str]:
        """Contacts whose message was acknowledged, but never answered by a reply."""
        return sorted(psid for psid in self.acknowledged if not self.replies.get(psid))

    @property
    def twice(self) -> list[str]:
        """Contacts with more than one reply to their one message."""
        return sorted(psid for psid, number in self.replies.items() if number > 1)


class Traffic:
    """Contacts write in turn; what is not answered with 200 is repeated, as Meta does."""

    def __init__(self, url: str) -> None:
        self.acknowledged: set[str] = set()
        self._url = url + WEBHOOK
        self._ending = Event()
        self._thread = Thread(target=self._run, name="traffic", daemon=True)

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def end(self) -> None:
        """Stop new messages; return when all that were written are acknowledged."""
        self._ending.set()
        self._thread.join(DRAIN_SECONDS)

    def _run(self) -> None:
        with direct_session() as session:
            for number in count():
                if self._ending.wait(PAUSE_SECONDS):
                    return
                self._write(session, str(number))

    def _write(self, session: requests.Session, psid: str) -> None:
        body = json.dumps(_webhook(psid)).encode()
        headers = {"X-Hub-Signature-256": sign(body, APP_SECRET)}
        while not _is_taken(session, self._url, body, headers):
            time.sleep(PAUSE_SECONDS)
        self.acknowledged.add(psid)


def onslaught(
    service: Service, stand_in: InstagramProcess, *, kills: int, seed: int, longest_run: float
) -> TrafficOutcome:
    """Kill the service at random moments while messages arrive, then wait for all replies.

    Half of the kills hit all of its processes at once, as a power cut does, and half the server
    alone; one in four hits a service that is still starting. `longest_run` is in seconds, from when
    it answers.
    """
    draw = random.Random(seed)
    traffic = Traffic(service.url)
    traffic.start()
    for _ in range(kills):
        _run(service, draw, longest_run)
        draw.choice((service.kill, service.cut_power))()
    service.start()
    traffic.end()
    _drain(service)
    replies = {psid: len(sent) for psid, sent in stand_in.sent().items()}
    return TrafficOutcome(kills, frozenset(traffic.acknowledged), replies)


def _run(service: Service, draw: Random, longest: float) -> None:
    if draw.random() < 0.25:
        service.begin()
        time.sleep(draw.uniform(0, START_SECONDS))
    else:
        service.start()
        time.sleep(draw.uniform(0, longest))


def _drain(service: Service) -> None:
    deadline = time.monotonic() + DRAIN_SECONDS
    while not _is_idle(service) and time.monotonic() < deadline:
        time.sleep(0.2)


def _is_idle(service: Service) -> bool:
    stats = service.get("/api/stats")
    under_way = ("pending", "sending", "unknown")
    return stats["open"] == 0 and not any(stats["queue"][each] for each in under_way)


def webhook_status(url: str, psid: str = "another-contact") -> int:
    """Write once, as another contact, and return the response's status."""
    body = json.dumps(_webhook(psid)).encode()
    headers = {"X-Hub-Signature-256": sign(body, APP_SECRET)}
    return requests.post(url + WEBHOOK, body, headers=headers, timeout=15).status_code


def _is_taken(session: requests.Session, url: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        return session.post(url, body, headers=headers, timeout=5).ok
    except requests.RequestException:
        return False


def _webhook(psid: str) -> dict[str, Any]:
    message = {"mid": f"m{psid}", "text": "Where is my order?"}
    said = {"sender": {"id": psid}, "recipient": {"id": ACCOUNT}, "message": message}
    return {"object": "instagram", "entry": [{"id": ACCOUNT, "messaging": [said]}]}
