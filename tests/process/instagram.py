"""Instagram for Moca: in its own process, or in the test's own with simulated faults."""

import subprocess
import sys
from pathlib import Path
from threading import Event
from typing import Any, Self

import requests

from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.faults import Faults
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.responses import SandboxResponse, refused
from moca.instagram.sandbox.threads import SandboxMessage
from moca.instagram.sandbox.webhooks import WebhookDelivery
from tests.process.service import (
    ACCESS_TOKEN,
    ACCOUNT,
    APP_SECRET,
    ROOT,
    environment,
    eventually,
    free_port,
)


class InstagramProcess:
    """The sandbox in a process of its own."""

    def __init__(self, path: Path, webhook: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._session = requests.Session()
        self._session.trust_env = False
        options = {
            "--port": port,
            "--webhook": webhook,
            "--app-secret": APP_SECRET,
            "--access-token": ACCESS_TOKEN,
            "--account-id": ACCOUNT,
        }
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "moca.instagram.sandbox"),
                *(str(part) for option in options.items() for part in option),
            ],
            cwd=ROOT,
            env=environment(path, {}),
        )

    def is_up(self) -> bool:
        """Return whether it answers."""
        try:
            return self._session.get(f"{self.url}/sandbox/threads", timeout=5).ok
        except requests.ConnectionError:
            return False

    def write(self, psid: str, text: str) -> str:
        """Write as a contact; return the message's id."""
        wanted = {"psid": psid, "text": text}
        answer = self._session.post(f"{self.url}/sandbox/write", json=wanted, timeout=10)
        return str(answer.json()["mid"])

    def sent(self) -> dict[str, Any]:
        """Return what the account sent, by contact: the arrival and the text of each."""
        threads = self._session.get(f"{self.url}/sandbox/threads", timeout=10).json()["threads"]
        return {
            thread["psid"]: [
                (each["at"], each["text"])
                for each in thread["messages"]
                if each["sender"] == "account"
            ]
            for thread in threads
        }

    def count(self) -> int:
        """Return how many messages the account sent."""
        return sum(map(len, self.sent().values()))

    def close(self) -> None:
        """Stop it."""
        self._session.close()
        self._process.terminate()
        assert self._process.wait(20) == 0

    def ready(self) -> Self:
        """Wait until it is up."""
        eventually(self.is_up)
        return self


class HeldInstagram:
    """A sandbox that can hold the next call, before or after its message is delivered."""

    def __init__(self, webhook: str) -> None:
        self.delivery = WebhookDelivery(webhook, APP_SECRET)
        self.holds_before = False
        self.holds_after = False
        self.is_held = Event()
        self.let_go = Event()
        faults = Faults(before_send=self._before, after_send=self._after)
        accounts = SandboxAccounts(ACCOUNT, ACCESS_TOKEN)
        self.sandbox = SandboxInstagram(accounts, self.delivery.put, faults=faults)

    def sent(self, psid: str) -> list[str]:
        """Return the texts that a contact received."""
        return [each.text for each in self.sandbox.thread(psid) if each.sender == "account"]

    def release(self) -> None:
        """Release the held call, and hold no other."""
        self.holds_before = self.holds_after = False
        self.let_go.set()

    def _before(self, _psid: str) -> SandboxResponse | None:
        if not self.holds_before:
            return None
        self._hold()
        return refused(2, "Service temporarily unavailable", status=503)

    def _after(self, _message: SandboxMessage, answer: SandboxResponse) -> SandboxResponse:
        if self.holds_after:
            self._hold()
        return answer

    def _hold(self) -> None:
        self.is_held.set()
        self.let_go.wait(20)
