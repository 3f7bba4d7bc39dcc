"""What happens to the contacts of a contestant that is killed under load."""

import contextlib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests

from tests.benchmarks.acks import NOBODY
from tests.benchmarks.comparison.broker import let_the_timeout_pass
from tests.benchmarks.comparison.contestant_process import Running, running
from tests.benchmarks.comparison.contestants import Contestant
from tests.benchmarks.support.load import WEBHOOK, body_of, psid_of, signatures
from tests.benchmarks.support.servers import free_port, is_listened_at, post

DEBOUNCE_SECONDS = 1.0
KILLS = 3
UP_SECONDS = 2.0
"""The minimum time before it is killed again."""
CALM_SECONDS = 12.0
PATIENCE_SECONDS = 120.0
_PER_SECOND = 150
_WRITING_AT_A_TIME = 16
_AGAIN_SECONDS = 0.1


@dataclass(frozen=True)
class MessageCounts:
    """What happened to all messages that were answered with 200."""

    acked: int
    late: int
    """Without a reply when nothing moved any more; Celery returns some of them an hour later."""
    lost: int
    twice: int


def count_messages(contestant: Contestant, folder: Path, contacts: int) -> MessageCounts:
    """Send messages while it is killed three times and restarted; wait for the replies."""
    port = free_port()
    webhook = f"http://127.0.0.1:{port}{WEBHOOK}" if contestant.hears_echoes else NOBODY
    with (
        _instagram(webhook) as instagram,
        running(contestant, folder, instagram, DEBOUNCE_SECONDS, port=port, is_killed=True) as it,
    ):
        people = _People(port, contacts)
        with ThreadPoolExecutor(1) as beside:
            writing = beside.submit(people.write)
            for number in range(KILLS):
                people.wait_for(contacts * (number + 1) // (KILLS + 1))
                time.sleep(UP_SECONDS)
                it.kill()
                it.start()
            writing.result()
        return _account(contestant, it, people, lambda: _received(instagram))


def _account(
    contestant: Contestant,
    it: Running,
    people: "_People",
    received: Callable[[], Counter[str]],
) -> MessageCounts:
    replies = _when_calm(received, people.acked)
    late = len(people.acked - replies.keys())
    if late and contestant.uses_redis:
        let_the_timeout_pass()
        replies = _when_calm(received, people.acked)
    it.settle()
    replies = received()
    return MessageCounts(
        acked=len(people.acked),
        late=late,
        lost=len(people.acked - replies.keys()),
        twice=sum(number > 1 for number in replies.values()),
    )


def _when_calm(received: Callable[[], Counter[str]], acked: set[str]) -> Counter[str]:
    """Wait until every contact has a reply, or no reply has arrived for some time."""
    began = calm_since = time.monotonic()
    replies: Counter[str] = Counter()
    while time.monotonic() - began < PATIENCE_SECONDS:
        before, replies = replies, received()
        if acked <= replies.keys():
            break
        if replies != before:
            calm_since = time.monotonic()
        if time.monotonic() - calm_since > CALM_SECONDS:
            break
        time.sleep(0.5)
    return replies


class _People:
    """Contacts with one message each, whose webhook is repeated until it is accepted."""

    def __init__(self, port: int, contacts: int) -> None:
        self.acked: set[str] = set()
        self._port = port
        self._contacts = contacts
        self._changed = threading.Condition()

    def write(self) -> None:
        began = time.monotonic()

        def one(number: int) -> None:
            time.sleep(max(0.0, began + number / _PER_SECOND - time.monotonic()))
            self._write(number)

        with ThreadPoolExecutor(_WRITING_AT_A_TIME) as writers:
            list(writers.map(one, range(self._contacts)))

    def wait_for(self, acked: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.acked) >= acked, PATIENCE_SECONDS):
                raise TimeoutError(f"only {len(self.acked)} of {acked} were answered 200")

    def _write(self, number: int) -> None:
        body = body_of(number)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _is_taken(self._port, body):
            if time.monotonic() > deadline:
                raise TimeoutError("a webhook is not answered 200")
            time.sleep(_AGAIN_SECONDS)
        with self._changed:
            self.acked.add(psid_of(number))
            self._changed.notify_all()


def _is_taken(port: int, body: bytes) -> bool:
    headers = {"Content-Type": "application/json", **signatures(body)}
    try:
        return post(port, WEBHOOK, body, headers) == HTTPStatus.OK
    except OSError:
        return False


@contextlib.contextmanager
def _instagram(webhook: str) -> Iterator[str]:
    """Run a fake Instagram that reports truthfully what arrived, for checks before a resend."""
    port = free_port()
    command = [sys.executable, "-m", "moca.instagram.sandbox", "--port", str(port)]
    process = subprocess.Popen([*command, "--webhook", webhook])
    try:
        while not is_listened_at(port):
            if process.poll() is not None:
                raise RuntimeError("the stand-in for Instagram does not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _received(instagram: str) -> Counter[str]:
    answer = requests.get(f"{instagram}/sandbox/threads", timeout=30).json()
    return Counter(
        thread["psid"]
        for thread in answer["threads"]
        for message in thread["messages"]
        if message["sender"] == "account"
    )
