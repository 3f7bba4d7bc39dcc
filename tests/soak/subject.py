"""The Moca that is broken, and what was done to it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from tests.cluster.wire import Wire
from tests.process.service import Service
from tests.soak.judge import Restore
from tests.soak.shim import Shim
from tests.support.stalls import Stall

_UP_WITHIN_SECONDS = 120
_BETWEEN_LOOKS_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that `moca backup` has written, and when it began to."""

    file: Path
    made_at: datetime


@dataclass(slots=True)
class Subject:
    """One Moca, its surroundings, and the record of a run."""

    service: Service
    wire: Wire
    """Between Moca and Instagram."""
    shim: Shim | None
    say: Callable[[str], None]
    program_after: tuple[str | Path, ...]
    """What it is upgraded to."""
    backups: list[Backup] = field(default_factory=list)
    restores: list[Restore] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What must not happen, as it happened: exits, refused backups, odd answers."""
    is_meant_to_run: bool = False

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.service.begin()
        self.is_meant_to_run = True
        if not self.wait_until(self._is_up, _UP_WITHIN_SECONDS):
            self.blame(f"it was not up within {_UP_WITHIN_SECONDS} s")

    def kill(self) -> None:
        """Kill all of its processes at once."""
        self.is_meant_to_run = False
        self.service.cut_power()

    def kill_server(self) -> None:
        """Kill the server alone; its worker ends by itself."""
        self.is_meant_to_run = False
        self.service.kill()

    def stop(self) -> None:
        """Stop it in order."""
        self.is_meant_to_run = False
        os.kill(self.service.process.pid, signal.SIGTERM)
        try:
            status = self.service.process.wait(30)
        except subprocess.TimeoutExpired:
            self.blame("an orderly stop took longer than 30 s")
            self.service.cut_power()
            return
        if status != 0:
            self.blame(f"an orderly stop ended with status {status}")

    def blame(self, what: str) -> None:
        """Note what must not happen. What an earlier version gets wrong is past."""
        self.say(f"  {what}")
        if self.service.program == self.program_after:
            self.broken.append(what)

    def look_after(self) -> None:
        """Start it again where it has ended by itself, as a service manager does."""
        if self.is_meant_to_run and (status := self.service.process.poll()) is not None:
            self.blame(f"it ended by itself with status {status}")
            self.service.begin()

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after it until a condition is true; return False if that takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            self.look_after()
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        return True

    def stats(self) -> dict[str, int]:
        """Return how many messages are open, and items of the queue by status; empty if unknown."""
        try:
            stats = self.service.get("/api/stats")
            return {"open": stats["open"], **stats["queue"]}
        except (requests.RequestException, KeyError):
            return {}

    def set_clock_right(self) -> None:
        """Set its clock to the true time."""
        if self.shim is not None:
            self.shim.clock_is_ahead = timedelta(0)
            self.shim.apply()

    def stood_still(self, since: datetime) -> None:
        """Note that it did nothing from an instant until now."""
        self.stalls.append(Stall(since, datetime.now(UTC)))

    def _is_up(self) -> bool:
        try:
            return requests.get(f"{self.service.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False
