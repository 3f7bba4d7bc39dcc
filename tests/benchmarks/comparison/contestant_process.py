import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from actors.cli.process import die_with
from tests.benchmarks.comparison import broker
from tests.benchmarks.comparison.contestants import Contestant, Plan, Terms, environment_of
from tests.benchmarks.support.memory import own_share
from tests.benchmarks.support.servers import cpu_seconds_of, free_port, is_listened_at
from tests.process.service import processes_of

START_SECONDS = 60
STOP_SECONDS = 5


class Running:
    """A running contestant; each of its commands began a session, which identifies it."""

    def __init__(self, contestant: Contestant, terms: Terms) -> None:
        self.port = terms.port
        self._plan: Plan = contestant.plan(terms)
        self._ready_when_said = contestant.ready_when_said
        self._log = terms.folder / "log.txt"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start its processes and wait until all of them are up."""
        said_before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._processes = [
                subprocess.Popen(
                    command,
                    cwd=self._plan.folder,
                    env=environment_of(self._plan),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    # Workers that outlived a killed run would work beside those of the next.
                    preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509
                )
                for command in self._plan.commands
            ]
        deadline = time.monotonic() + START_SECONDS
        while not self._is_up(said_before):
            if time.monotonic() > deadline or any(each.poll() for each in self._processes):
                raise RuntimeError(f"it does not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def _is_up(self, said_before: int) -> bool:
        with self._log.open(encoding="utf-8") as log:
            log.seek(said_before)
            return self._ready_when_said in log.read() and is_listened_at(self.port)

    def pids(self) -> list[int]:
        """Return all its processes."""
        return [pid for process in self._processes for pid in processes_of(process.pid)]

    def memory(self) -> int:
        """Return the bytes that they hold together, shared pages counted once."""
        return sum(map(own_share, self.pids()))

    def settle(self, most_seconds: float = 60) -> None:
        """Wait until it is idle, so that the next one has the machine alone."""
        deadline, before = time.monotonic() + most_seconds, -1.0
        while time.monotonic() < deadline:
            used = sum(map(cpu_seconds_of, self.pids()))
            if used - before <= 0.03:
                return
            before = used
            time.sleep(0.5)

    def kill(self) -> None:
        """Kill all of it at once, as a power cut does; return when nothing is left."""
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        for process in self._processes:
            process.wait(STOP_SECONDS)

    def stop(self) -> None:
        """Stop it, with little patience: Celery finishes its whole queue first."""
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self.pids() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.kill()


@contextlib.contextmanager
def running(
    contestant: Contestant,
    folder: Path,
    graph_url: str,
    debounce_seconds: float,
    *,
    port: int = 0,
    is_killed: bool = False,
) -> Iterator[Running]:
    """Run it in a folder of its own while the block runs."""
    home = folder / f"run-{time.monotonic_ns()}"
    home.mkdir()
    terms = Terms(port or free_port(), home, graph_url, debounce_seconds, is_killed)
    it = Running(contestant, terms)
    if contestant.uses_redis:
        broker.clear()
    try:
        it.start()
        yield it
    finally:
        it.stop()
