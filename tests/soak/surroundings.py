"""A run's processes and threads, from their start to their end."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Thread

from tests.cluster.wire import Wire
from tests.process.conftest import OURS
from tests.process.instagram import InstagramProcess
from tests.process.kill_traffic import WEBHOOK
from tests.process.service import BRISK, RUN, Service
from tests.soak.contacts import Contacts
from tests.soak.delivery import Delivery
from tests.soak.faults.backup import MakeBackup, RestoreBackup
from tests.soak.faults.fault import Fault
from tests.soak.faults.machine import ClockStep, DiskFull, NetworkLoss, SlowDisk
from tests.soak.faults.process import Kill, KillWorker, Restart, Suspend, Upgrade
from tests.soak.faults.webhooks import bad_webhooks, redelivered_webhooks
from tests.soak.operators import Operators
from tests.soak.shim import Shim
from tests.soak.subject import Subject
from tests.support.earlier_version import BEFORE, unpack_version
from tests.support.stalls import StallWatch

PER_SECOND = 60
SETTINGS: dict[str, object] = {
    "sender.per_second": PER_SECOND,
    # Longer than the network is lost, so that nothing is left to the team for that.
    "sender.settle_seconds": 2,
    "sender.max_attempts": 20,
    "instagram.compare_seconds": 60,
}


@dataclass(slots=True)
class Surroundings:
    """Everything of a run."""

    subject: Subject
    instagram: InstagramProcess
    delivery: Delivery
    contacts: Contacts
    operators: Operators
    stalls: StallWatch
    faults: list[Fault]


@contextmanager
def surroundings(folder: Path, seed: int, say: Callable[[str], None]) -> Iterator[Surroundings]:
    """Start everything but the traffic; stop it at the end."""
    (folder / "first").mkdir()
    service = Service(folder / "first", BRISK | OURS | SETTINGS)
    webhook = service.url + WEBHOOK
    delivery = Delivery(webhook, seed)
    with delivery.running():
        instagram = InstagramProcess(folder, delivery.url)
        wire = Wire(int(instagram.url.rpartition(":")[2]))
        service.settings["instagram.graph_url"] = f"http://127.0.0.1:{wire.port}"
        shim, before = Shim.build(folder), _program_before(folder, say)
        subject = Subject(service, wire, shim, say, (sys.executable, RUN))
        faults: list[Fault] = [Kill(), KillWorker(), Suspend(), Restart(), NetworkLoss()]
        faults += [MakeBackup(folder), RestoreBackup(folder, delivery)]
        faults += [bad_webhooks(webhook), redelivered_webhooks(webhook, delivery)]
        if shim is None:
            say("No C compiler: the clock and the disk stay as they are.")
        else:
            service.environment |= shim.environment
            faults += [ClockStep(shim), SlowDisk(shim), DiskFull(shim)]
        if before is not None:
            service.program = before
            faults.append(Upgrade())
        contacts = Contacts(instagram.url, Random(seed))
        operators = Operators(subject, contacts, Random(seed))
        stalls = StallWatch()
        try:
            instagram.ready()
            subject.start()
            yield Surroundings(subject, instagram, delivery, contacts, operators, stalls, faults)
        finally:
            service.close()
            wire.close()
            instagram.close()


@contextmanager
def traffic(around: Surroundings) -> Iterator[None]:
    """Contacts write and operators act while the block runs."""
    sources = (around.contacts, around.operators)
    threads = [
        Thread(target=run, daemon=True) for run in (around.contacts.write, around.operators.work)
    ]
    for thread in threads:
        thread.start()
    try:
        with around.stalls.running():
            yield
    finally:
        for source in sources:
            source.is_over.set()
        for thread in threads:
            thread.join()


def _program_before(folder: Path, say: Callable[[str], None]) -> tuple[str | Path, ...] | None:
    try:
        return sys.executable, unpack_version(BEFORE, folder / "before")
    except subprocess.CalledProcessError:
        say(f"No commit {BEFORE} in this checkout: nothing is upgraded.")
        return None
