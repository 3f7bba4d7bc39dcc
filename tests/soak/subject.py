"""The Moca that is broken, and what was done to it."""

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from tests.cluster.wire import Wire
from tests.process.service import Service, eventually
from tests.soak.judge import Restore
from tests.soak.shim import Shim
from tests.soak.stalls import Stall

_UP_WITHIN_SECONDS = 120


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
        eventually(self._is_up, _UP_WITHIN_SECONDS)

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
            self.broken.append("an orderly stop took longer than 30 s")
            self.service.cut_power()
            return
        if status != 0:
            self.broken.append(f"an orderly stop ended with status {status}")

    def look_after(self) -> None:
        """Start it again where it has ended by itself, as a service manager does."""
        if self.is_meant_to_run and (status := self.service.process.poll()) is not None:
            ended = f"it ended by itself with status {status}"
            self.say(ended)
            if self.service.program == self.program_after:
                # What a version before gets wrong here is past.
                self.broken.append(ended)
            self.service.begin()

    def set_clock_right(self) -> None:
        """Set its clock to the true time."""
        if self.shim is not None:
            self.shim.clock_is_ahead = timedelta(0)
            self.shim.apply()

    def stood_still(self, since: datetime) -> None:
        """Note that it did nothing from an instant until now."""
        self.stalls.append(Stall(since, datetime.now(UTC)))

    def _is_up(self) -> bool:
        self.look_after()
        try:
            return requests.get(f"{self.service.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False
