import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.support.thread_times import cpu_seconds_in

_ROOT = Path(__file__).parents[3]
RUN = (str(_ROOT / "run.py"),)
RUN_WITH_NAMED_THREADS = ("-m", "tests.benchmarks.support.named_threads")
REDIS_VARIABLE = "MOCA_BENCHMARK_REDIS"
"""Names the comparison's Redis database; Moca itself refuses to start beside it."""


@dataclass(frozen=True)
class BenchmarkServer:
    """A server in a process of its own, and its folder."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    is_storing: bool = True
    """Whether it needs a new message each time; one that stores nothing may get the same again."""

    def settle(self) -> None:
        """Wait until it is idle, so that the next one has the machine alone."""
        before = -1.0
        while (used := self.cpu_seconds()) - before > 0.02:
            before = used
            time.sleep(0.4)

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server and its workers."""
        return sum(map(cpu_seconds_of, self.pids()))

    def pids(self) -> list[int]:
        """Return its process and those of its workers."""
        return [self.process.pid, *_children(self.process.pid)]


@contextlib.contextmanager
def moca(
    folder: Path,
    interpreter: str = sys.executable,
    program: Sequence[str] = RUN,
    /,
    **settings: object,
) -> Iterator[BenchmarkServer]:
    """Run Moca on a database on disk; settings are named as `server__threads`."""
    port = free_port()
    asked = {
        "server__port": port,
        "database__url": f"sqlite:///{folder}/moca.db",
        "web__api_token": "benchmark-token",
        **settings,
    }
    environment = {f"MOCA_{name.upper()}": str(value) for name, value in asked.items()}
    with _serving([interpreter, *program], port, folder, environment) as server:
        yield server


@contextlib.contextmanager
def bare(folder: Path, threads: int = 64) -> Iterator[BenchmarkServer]:
    """Run the bare Flask view on the same server."""
    port = free_port()
    command = _module("bare", port, threads)
    with _serving(command, port, folder, is_storing=False) as server:
        yield server


@contextlib.contextmanager
def bare_asgi(folder: Path) -> Iterator[BenchmarkServer]:
    """Run the bare ASGI view on the same server."""
    port = free_port()
    with _serving(_module("bare_asgi", port), port, folder, is_storing=False) as server:
        yield server


@contextlib.contextmanager
def plain_sqlite(folder: Path) -> Iterator[BenchmarkServer]:
    """Run the server that stores the rows of an acknowledgement by plain `sqlite3`."""
    port = free_port()
    environment = {"PLAIN_SQLITE_DATABASE": str(folder / "plain.db")}
    with _serving(_module("plain_sqlite", port), port, folder, environment) as server:
        yield server


def _module(name: str, *arguments: int) -> list[str]:
    return [sys.executable, "-m", f"tests.benchmarks.support.{name}", *map(str, arguments)]


@contextlib.contextmanager
def _serving(
    command: Sequence[str],
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    is_storing: bool = True,
) -> Iterator[BenchmarkServer]:
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=_ROOT,
            env=environment_with(environment or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for(port, process)
            yield BenchmarkServer(port, folder, process, is_storing)
        finally:
            process.terminate()
            process.wait(30)


def environment_with(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a measured process: this one's, without the benchmarks' own."""
    own = {name: value for name, value in os.environ.items() if name != REDIS_VARIABLE}
    return own | dict(settings)


def exit_on_sigterm() -> None:
    """Leave all blocks in order on SIGTERM, so that servers end and what they stored is deleted."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(port: int, path: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    """Post once on a new connection; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("POST", path, body, headers or {})
        return connection.getresponse().status


def is_listened_at(port: int) -> bool:
    """Return whether a server answers there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        if is_listened_at(port):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server ended with status {process.returncode}; its log is in /tmp")


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


def cpu_seconds_of(pid: int) -> float:
    with contextlib.suppress(OSError):
        return cpu_seconds_in(Path(f"/proc/{pid}"))
    return 0.0
