"""The process dies, stands still, or is started anew."""

import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from tests.soak.schedule import DrawnFault, FaultKind
from tests.soak.subject import Subject

_PROCESS = frozenset({"process"})


@dataclass(frozen=True, slots=True)
class Kill:
    """`kill -9` of the server, or of both processes as in a power cut."""

    kind: ClassVar[FaultKind] = FaultKind("kill -9", 4, (0.1, 6.0), _PROCESS)

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        if drawn.chance < 0.5:
            subject.kill()
        else:
            subject.kill_server()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.start()


@dataclass(frozen=True, slots=True)
class KillWorker:
    """`kill -9` of the worker alone, whose place the server fills again."""

    kind: ClassVar[FaultKind] = FaultKind("kill -9 of the worker", 1, (4.0, 8.0), _PROCESS)

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        os.kill(subject.service.worker(), signal.SIGKILL)

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        """The server has started another."""


@dataclass(slots=True)
class Suspend:
    """SIGSTOP of all its processes, and SIGCONT."""

    kind: ClassVar[FaultKind] = FaultKind("SIGSTOP", 3, (0.2, 15.0), _PROCESS)
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        self.since = datetime.now(UTC)
        os.killpg(subject.service.process.pid, signal.SIGSTOP)

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        os.killpg(subject.service.process.pid, signal.SIGCONT)
        subject.stood_still(self.since)


@dataclass(frozen=True, slots=True)
class Restart:
    """An orderly stop, and a start."""

    kind: ClassVar[FaultKind] = FaultKind("orderly restart", 1, (0.1, 3.0), _PROCESS)

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.stop()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.start()


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An orderly stop, and a start of this version on the database of the version before."""

    kind: ClassVar[FaultKind] = FaultKind("upgrade", 0, (0.1, 5.0), _PROCESS, is_once=True)

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.stop()

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        subject.service.program = subject.program_after
        subject.start()
