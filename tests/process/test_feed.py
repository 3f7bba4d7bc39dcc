"""A program that mirrors conversations into a file by the feed, while Moca is killed."""

import json
import random
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from tests.process.instagram import InstagramProcess
from tests.process.kill_traffic import onslaught
from tests.process.service import BEARER, Service, eventually
from tests.support.direct_session import direct_session

_PAUSE_SECONDS = 0.05


class FeedMirror:
    """Appends each event to a file; the file alone says where to read on."""

    def __init__(self, url: str, path: Path) -> None:
        self._url = url
        self._path = path
        self._path.touch()
        self._ending = Event()
        self._thread = Thread(target=self._run, name="mirror", daemon=True)

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def end(self) -> None:
        """Stop once there is nothing left to read."""
        self._ending.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def events(self) -> list[dict[str, Any]]:
        """Return what was read."""
        return [json.loads(line) for line in self._path.read_text().splitlines()]

    def _run(self) -> None:
        with direct_session() as session:
            while not self._has_read_all(session):
                self._ending.wait(_PAUSE_SECONDS)

    def _has_read_all(self, session: requests.Session) -> bool:
        events = self.events()
        query = {"after": events[-1]["id"] if events else 0, "texts": "true", "wait": 2}
        is_ending = self._ending.is_set()
        try:
            answer = session.get(
                f"{self._url}/api/events", params=query, headers=BEARER, timeout=10
            )
            items = answer.json()["items"] if answer.ok else None
        except requests.RequestException:
            return False
        with self._path.open("a") as file:
            file.writelines(f"{json.dumps(each)}\n" for each in items or ())
        return is_ending and items == []


def _mirrored(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mid and text of each message by conversation, in the order of the feed."""
    conversations: dict[str, dict[str, tuple[str, str]]] = {}
    for event in events:
        data = event["data"]
        if event["kind"] in ("message.received", "message.sent"):
            message = data["message"]
            conversation = conversations.setdefault(data["conversation_id"], {})
            conversation[data["message_id"]] = message["mid"], message["text"]
    return {number: list(each.values()) for number, each in conversations.items()}


def _stored(service: Service) -> dict[str, Any]:
    """Return the same from the API."""
    conversations = {}
    cursor: str | None = ""
    while cursor is not None:
        page = service.get(f"/api/conversations?limit=200{cursor and f'&cursor={cursor}'}")
        for each in page["items"]:
            found = service.get(f"/api/conversations/{each['id']}/messages?limit=200")["items"]
            conversations[each["id"]] = [(m["mid"], m["text"]) for m in reversed(found)]
        cursor = page["next_cursor"]
    return conversations


def _mirrors_through(kills: int, service: Service, stand_in: InstagramProcess) -> None:
    service.settings["sender.per_second"] = 30
    mirror = FeedMirror(service.url, service.path / "mirror.jsonl")
    mirror.start()
    outcome = onslaught(
        service, stand_in, kills=kills, seed=random.randrange(10_000), longest_run=1.5
    )
    mirror.end()

    events = mirror.events()
    numbers = [each["id"] for each in events]
    assert numbers == sorted(set(numbers))
    facts = [(each["kind"], each["data"]["message_id"]) for each in events]
    of_messages = [each for each in facts if each[0] != "message.unconfirmed"]
    assert len(of_messages) == len(set(of_messages))
    read = [e["data"]["message"]["mid"] for e in events if e["kind"] == "message.received"]
    assert set(read) == {f"m{psid}" for psid in outcome.acknowledged}
    answered = [e for e in events if e["kind"] == "message.answered"]
    assert len(answered) == len(outcome.acknowledged)
    eventually(lambda: _mirrored(events) == _stored(service))


@pytest.mark.timeout(600)
def test_a_mirror_has_each_conversation_once_through_two_kills(
    beside: Service, stand_in: InstagramProcess
) -> None:
    _mirrors_through(2, beside, stand_in)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_mirror_has_each_conversation_once_through_ten_kills(
    beside: Service, stand_in: InstagramProcess
) -> None:
    _mirrors_through(10, beside, stand_in)
