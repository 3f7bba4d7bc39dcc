"""Backups under traffic, and restores of the newest on what is another machine to Moca."""

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import ClassVar

import requests

from tests.process.service import BEARER, Service, environment
from tests.soak.delivery import Delivery
from tests.soak.judge import Restore
from tests.soak.schedule import DrawnFault, FaultKind
from tests.soak.subject import Backup, Subject

_PATIENCE = 120
_ALL = frozenset({"process", "backup", "disk", "network"})


@dataclass(slots=True)
class MakeBackup:
    """`moca backup`, in the midst of whatever else goes on."""

    folder: Path
    kind: ClassVar[FaultKind] = FaultKind("backup", 2, (4.0, 10.0), frozenset({"backup"}))
    under_way: tuple[subprocess.Popen[bytes], Backup] | None = None
    numbers: "count[int]" = field(default_factory=count)

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        backup = Backup(self.folder / f"{next(self.numbers)}.backup", datetime.now(UTC))
        self.under_way = _run(subject.service, "backup", backup.file), backup

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        assert self.under_way is not None
        process, backup = self.under_way
        _finish(subject, process, "backup")
        if process.returncode == 0:
            subject.backups.append(backup)


@dataclass(slots=True)
class RestoreBackup:
    """The machine is lost; the newest backup is restored to an empty folder, and sending resumed.

    Nothing that was acknowledged after the backup is in it.
    """

    folder: Path
    delivery: Delivery
    kind: ClassVar[FaultKind] = FaultKind("restore", 1, (10.0, 30.0), _ALL)
    numbers: "count[int]" = field(default_factory=count)

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        if not subject.backups:
            subject.say("  there is no backup yet")
            return
        backup, service = subject.backups[-1], subject.service
        if drawn.chance < 0.5:
            subject.stop()
        else:
            subject.kill()
        lost_at = datetime.now(UTC)
        subject.restores.append(Restore(backup.made_at, lost_at))
        self.delivery.acknowledged.clear()
        service.path = self.folder / f"restored-{next(self.numbers)}"
        service.path.mkdir()
        process = _run(service, "restore", backup.file)
        _finish(subject, process, "restore")
        subject.start()
        age = (lost_at - backup.made_at).total_seconds()
        subject.say(f"  the backup is {age:.0f} s old")

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        """Resume sending, impatiently: what may have been sent may still be looked up."""
        if subject.backups and not subject.wait_until(lambda: _is_resumed(subject), _PATIENCE):
            subject.blame(f"sending was not resumed within {_PATIENCE} s")


def _run(service: Service, command: str, file: Path) -> subprocess.Popen[bytes]:
    with (service.path / "commands.txt").open("ab") as out:
        return subprocess.Popen(
            [*service.program, command, file],
            cwd=service.path,
            env=environment(service.path, service.settings) | service.environment,
            stdout=out,
            stderr=out,
        )


def _finish(subject: Subject, process: subprocess.Popen[bytes], command: str) -> None:
    status = process.wait(120)
    if status != 0:
        said = (subject.service.path / "commands.txt").read_text()[-500:]
        subject.blame(f"{command} ended with status {status}: {said}")


def _is_resumed(subject: Subject) -> bool:
    release = f"{subject.service.url}/api/queue/release"
    try:
        status = requests.post(release, headers=BEARER, timeout=10).status_code
    except requests.RequestException:
        return False
    # 409: an attempt whose answer was lost has done so.
    return status in (200, 409)
