import contextlib
import os
import threading
from pathlib import Path
from typing import Self

from tests.benchmarks.servers import Server

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY_SECONDS = 0.25


def resident(pid: int) -> int:
    """Tell the bytes that a process holds in memory; 0 where there is none."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    return 0


def anonymous() -> int:
    """Tell the bytes that this process holds itself, without the pages of files it has mapped."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise LookupError("/proc/self/status has no RssAnon")


def own_share(pid: int) -> int:
    """Tell the same, what several hold together divided among them; 0 where there is none."""
    with contextlib.suppress(OSError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


class Watch:
    """Looks at a server's memory, all of its processes together, while a block runs."""

    def __init__(self, server: Server) -> None:
        self.readings: list[int] = []
        self._server = server
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory")

    @property
    def most(self) -> int:
        """The most that was seen, in bytes."""
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
