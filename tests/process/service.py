"""Moca and its Instagram as users start them: real processes on real ports."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import requests

from tests.support.values import present

ROOT = Path(__file__).parents[2]
RUN = ROOT / "run.py"
TOKEN = "the-api-token-of-the-test"
APP_SECRET = "the-app-secret-of-the-test"
ACCESS_TOKEN = "the-access-token-of-the-test"
ACCOUNT = "17841400000000001"

BRISK: dict[str, object] = {
    # After a kill each unconfirmed reply takes three reads of its thread: at Meta's pace, seconds.
    "sender.account_reads_per_second": 100,
    "conversation.debounce_seconds": 0.5,
    "conversation.cooldown_seconds": 1,
    "sender.user_cooldown_seconds": 0.5,
    "sender.sweep_seconds": 0.5,
    "sender.settle_seconds": 0.5,
}

Found = TypeVar("Found")


def eventually(condition: Callable[..., Found | None], seconds: float = 30) -> Found:
    """Retry until a condition is true; fail after the timeout."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition.__name__}"
        time.sleep(0.02)
    return answer


def free_port() -> int:
    """Return a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def environment(home: Path, settings: Mapping[str, object]) -> dict[str, str]:
    """Return the environment of a newcomer, with settings by their dotted names."""
    named = {
        f"MOCA_{name.upper().replace('.', '__')}": str(each) for name, each in settings.items()
    }
    return {"PATH": os.environ["PATH"], "HOME": str(home), "COLUMNS": "300", **named}


def processes_of(session: int) -> list[int]:
    """Return the running processes of a session, its leader first."""
    running = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state != "Z":
            running.append(int(stat.parent.name))
    return sorted(running, key=lambda pid: (pid != session, pid))


class Service:
    """One Moca: its settings, its database, and its serving process while it runs."""

    def __init__(self, path: Path, settings: Mapping[str, object]) -> None:
        self.path = path
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings: dict[str, object] = {
            "server.port": self.port,
            "web.api_token": TOKEN,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.program: tuple[str | Path, ...] = (sys.executable, RUN)
        """The command line of Moca, without its arguments."""
        self.prefix: tuple[str, ...] = ()
        """What stands before the serving command."""
        self.environment: dict[str, str] = {}
        """Environment variables besides those of the settings."""
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        return present(self._process)

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.begin()
        eventually(self.answers)

    def begin(self) -> None:
        """Start the process."""
        with (self.path / "out.txt").open("a") as out, (self.path / "err.txt").open("a") as err:
            self._process = subprocess.Popen(
                [*self.prefix, *self.program],
                cwd=self.path,
                env=environment(self.path, self.settings) | self.environment,
                stdout=out,
                stderr=err,
                start_new_session=True,
                umask=0o022,
            )

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line to its end."""
        return subprocess.run(
            [*self.program, *arguments],
            cwd=self.path,
            env=environment(self.path, self.settings) | self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            umask=0o022,
        )

    def answers(self) -> bool:
        """Return whether it is up."""
        assert self.process.poll() is None, self.said()
        try:
            return self._session.get(f"{self.url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def get(self, path: str) -> Any:
        """Get from its API; None if it answers 404."""
        answer = self._session.get(self.url + path, headers=BEARER, timeout=10)
        return None if answer.status_code == 404 else answer.json()

    def delete(self, path: str) -> Any:
        """Delete through its API; return the response."""
        return self._session.delete(self.url + path, headers=BEARER, timeout=10).json()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Post bytes to it."""
        return self._session.post(self.url + path, body, headers=headers, timeout=10)

    def post_json(self, path: str, body: object) -> requests.Response:
        """Post JSON to its API; return the response."""
        return self._session.post(self.url + path, json=body, headers=BEARER, timeout=10)

    def steps(self, mid: str) -> list[str]:
        """Return each stage of a message's journey with its outcome."""
        journey = self.get(f"/api/messages/{mid}/journey") or {"steps": []}
        return [f"{step['stage']}/{step['outcome']}" for step in journey["steps"]]

    def outcome(self, mid: str) -> str | None:
        """Return how a message ended."""
        outcome: str | None = (self.get(f"/api/messages/{mid}") or {}).get("outcome")
        return outcome

    def said(self) -> str:
        """Return its terminal output, all runs together."""
        return (self.path / "out.txt").read_text() + (self.path / "err.txt").read_text()

    def worker(self) -> int:
        """Return its worker process."""
        _server, *workers = eventually(self._both)
        return workers[0]

    def kill(self) -> None:
        """Kill the server alone, as by kill -9; return when nothing of it is left."""
        session = self.process.pid
        os.kill(session, signal.SIGKILL)
        self.process.wait(10)
        eventually(lambda: processes_of(session) == [])

    def cut_power(self) -> None:
        """Kill all of its processes at once, as in a power cut; return when nothing is left."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        eventually(lambda: processes_of(self.process.pid) == [])

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Stop it; return the exit status once nothing of it is left."""
        session = self.process.pid
        os.kill(session, signal_number)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end as long as is promised; return the exit status."""
        status = self.process.wait(10)
        assert processes_of(self.process.pid) == []
        return status

    def close(self) -> None:
        """Kill whatever is left."""
        self._session.close()
        if self._process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def _both(self) -> list[int] | None:
        running = processes_of(self.process.pid)
        return running if len(running) > 1 else None


BEARER = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def serving(path: Path, **settings: object) -> Iterator[Service]:
    """Serve with these settings, `section__key`, while the block runs."""
    service = Service(path, {name.replace("__", "."): each for name, each in settings.items()})
    try:
        service.start()
        yield service
    finally:
        service.close()
