"""The machine: its clock, its disk and its network."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from tests.soak.schedule import DrawnFault, FaultKind
from tests.soak.shim import Shim
from tests.soak.subject import Subject

_MOST_AHEAD = timedelta(hours=1)
_SLOWEST_SYNC = timedelta(milliseconds=800)


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The wall clock is set, by up to an hour before or after the true time."""

    shim: Shim
    kind: ClassVar[FaultKind] = FaultKind("clock step", 2, (0.0, 0.0), frozenset({"clock"}))

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        self.shim.clock_is_ahead = _MOST_AHEAD * (2 * drawn.chance - 1)
        subject.say(f"  the clock is ahead by {self.shim.clock_is_ahead.total_seconds():.0f} s")
        self.shim.apply()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        """The clock stays as it was set until the next step."""


@dataclass(frozen=True, slots=True)
class SlowDisk:
    """Each `fsync` takes up to 0.8 s."""

    shim: Shim
    kind: ClassVar[FaultKind] = FaultKind("slow disk", 2, (3.0, 20.0), frozenset({"disk"}))

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        self.shim.sync_takes = _SLOWEST_SYNC * drawn.chance
        self.shim.apply()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        self.shim.sync_takes = timedelta(0)
        self.shim.apply()


@dataclass(frozen=True, slots=True)
class DiskFull:
    """No file can grow or change. It ends before anything is started or backed up."""

    shim: Shim
    kind: ClassVar[FaultKind] = FaultKind(
        "full disk", 2, (1.0, 12.0), frozenset({"disk", "process", "backup"})
    )

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        self.shim.disk_is_full = True
        self.shim.apply()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        self.shim.disk_is_full = False
        self.shim.apply()


@dataclass(frozen=True, slots=True)
class NetworkLoss:
    """Nothing passes between Moca and Instagram; then all connections are reset."""

    kind: ClassVar[FaultKind] = FaultKind("network loss", 3, (0.5, 20.0), frozenset({"network"}))

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.wire.cut()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.wire.mend()
