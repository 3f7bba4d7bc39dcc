import contextlib
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARTS = {"persistence": "writer", "actors": "actors"}
"""By the beginning of a thread's name."""
EVENT_LOOP, OTHERS = "event loop", "server threads"


def cpu_seconds_by_part(pids: Iterable[int]) -> dict[str, float]:
    """Return the processor time of a server's living threads, by what they do.

    Args:
        pids: The server, then its worker, whose main thread runs the event loop.
    """
    server, *workers = pids
    used: dict[str, float] = defaultdict(float)
    for pid in (server, *workers):
        for task in Path(f"/proc/{pid}/task").iterdir():
            # A thread may end meanwhile.
            with contextlib.suppress(OSError):
                is_loop = pid in workers and task.name == str(pid)
                used[EVENT_LOOP if is_loop else _part(task)] += cpu_seconds_in(task)
    return used


def _part(task: Path) -> str:
    name = (task / "comm").read_text().strip()
    return next((part for start, part in _PARTS.items() if name.startswith(start)), OTHERS)


def cpu_seconds_in(folder: Path) -> float:
    """Return the processor time of a process or thread, given its folder in `/proc`.

    Raises:
        OSError: It has ended.
    """
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
