import sqlite3
import subprocess
import tempfile
import time
import tomllib
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import write_all
from tests.benchmarks.support.memory import own_share, resident
from tests.benchmarks.support.servers import BenchmarkServer, moca, post

_MIB = 1024 * 1024
_PROJECT = Path(__file__).parents[2] / "pyproject.toml"
_WRITERS = 30
_PATIENCE_SECONDS = 60


def figures() -> Iterator[Figure]:
    """Measure the memory of a fresh installation, before any message and after first replies."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with moca(folder, _installed_in(folder / "venv")) as server:
            post(server.port, "/api/instagram/webhook", b"{}")
            server.settle()
            yield from _weighed("idle, nothing written", server, "≤ 75 MiB")
            write_all(server.port, _WRITERS, 4)
            _wait_for_replies(folder)
            server.settle()
            yield from _weighed(f"idle, {_WRITERS} messages answered", server)


def _installed_in(folder: Path) -> str:
    """Install only what Moca needs; return the interpreter."""
    venv.create(folder, with_pip=True)
    interpreter = folder / "bin" / "python"
    needed = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    subprocess.run([interpreter, "-m", "pip", "install", "--quiet", *needed], check=True)
    return str(interpreter)


def _wait_for_replies(folder: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with closing(sqlite3.connect(folder / "moca.db")) as database:
        sql = "select count(*) from queue_item where status = 'sent'"
        while database.execute(sql).fetchone() != (_WRITERS,):
            assert time.monotonic() < deadline, "not everybody was answered"
            time.sleep(0.5)


def _weighed(what: str, server: BenchmarkServer, goal: str = "") -> Iterator[Figure]:
    pids = server.pids()
    yield _sum(f"{what}, shared once (PSS)", pids, own_share, goal)
    yield _sum("the same, shared in each (RSS)", pids, resident)


def _sum(name: str, pids: Sequence[int], weigh: Callable[[int], int], goal: str = "") -> Figure:
    weights = [weigh(pid) / _MIB for pid in pids]
    parts = " + ".join(f"{weight:.0f}" for weight in weights)
    return Figure(name, f"{sum(weights):.0f} MiB", f"by process: {parts}", goal=goal)
