import contextlib
import os
import threading
from pathlib import Path
from typing import Self

from tests.benchmarks.support.servers import BenchmarkServer

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY_SECONDS = 0.25


def resident(pid: int) -> int:
    """Return the resident bytes of a process; 0 if there is none."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def anonymous() -> int:
    """Return the bytes of this process itself, without the pages of mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise LookupError("/proc/self/status has no RssAnon")


def own_share(pid: int) -> int:
    """Return the proportional share, shared pages divided among processes; 0 if there is none."""
    with contextlib.suppress(OSError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


class Watch:
    """Samples the memory of a server with all its processes while a block runs."""

    def __init__(self, server: BenchmarkServer) -> None:
        self.readings: list[int] = []
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory")

    @property
    def most(self) -> int:
        """Return the maximum, in bytes."""
        return max(self.readings)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.readings.append(sum(map(resident, self._server.pids())))
            if self._done.wait(_EVERY_SECONDS):
                return
