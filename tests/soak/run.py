"""One run: faults by their schedule, then calm, then the judgement."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.soak.faults.fault import Fault
from tests.soak.judge import RunRecord, Seen, Verdict, WrittenMessage, judge
from tests.soak.schedule import DrawnFault, draw_faults, turns_of
from tests.soak.surroundings import PER_SECOND, Surroundings, surroundings, traffic

_DRAIN_SECONDS = 600
_LATE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SoakResult:
    """What happened, and what came of it."""

    faults: Counter[str]
    verdict: Verdict
    broken: list[str]
    """What must not have happened, besides what the verdict holds."""

    @property
    def is_good(self) -> bool:
        """Return whether Moca kept its promises."""
        told = self.verdict
        wrong = (told.lost, told.twice, told.operator_lost, told.operator_twice, told.not_acked)
        return not any(wrong) and not self.broken and told.most_in_a_second <= PER_SECOND


def run(
    folder: Path, seed: int, minutes: float, only: Sequence[str], say: Callable[[str], None]
) -> SoakResult:
    """Run for some minutes, and as long as it then takes until all is calm.

    `only` names the faults that may be drawn; without any, all are.
    """
    began = time.monotonic()

    def say_when(text: str) -> None:
        say(f"{datetime.now(UTC):%H:%M:%S} {time.monotonic() - began:7.1f} s  {text}")

    with surroundings(folder, seed, say_when) as around:
        subject = around.subject
        with traffic(around):
            faults = [each for each in around.faults if not only or each.kind.name in only]
            drawn = draw_faults(seed, minutes, [each.kind for each in faults])
            counts = _break(around, drawn, minutes, say_when)
        subject.set_clock_right()
        if not subject.wait_until(lambda: _is_calm(around), _DRAIN_SECONDS):
            subject.blame(f"not idle after {_DRAIN_SECONDS} s: {subject.stats()}")
        record = _record(around)
        _examine(around)
    return SoakResult(counts, judge(record), subject.broken)


def _break(
    around: Surroundings, drawn: Sequence[DrawnFault], minutes: float, say: Callable[[str], None]
) -> Counter[str]:
    by_name: dict[str, Fault] = {fault.kind.name: fault for fault in around.faults}
    counts: Counter[str] = Counter()
    began = time.monotonic()
    for turn in turns_of(drawn):
        _let_pass(around, began + turn.at)
        name = turn.fault.kind.name
        if turn.is_begin:
            counts[name] += 1
            say(f"{name}, for {turn.fault.ends_at - turn.fault.begins_at:.1f} s")
            by_name[name].begin(around.subject, turn.fault)
        else:
            by_name[name].end(around.subject, turn.fault)
        # What takes longer than drawn, as a restore may, delays the others.
        began += max(0.0, time.monotonic() - began - turn.at - _LATE_SECONDS)
    _let_pass(around, began + minutes * 60)
    return counts


def _let_pass(around: Surroundings, until: float) -> None:
    around.subject.wait_until(lambda: False, until - time.monotonic())


def _is_calm(around: Surroundings) -> bool:
    stats = around.subject.stats()
    under_way = [stats.get(each, 1) for each in ("open", "pending", "sending", "unknown")]
    return around.delivery.is_done() and not any(under_way)


def _record(around: Surroundings) -> RunRecord:
    sent = around.instagram.sent()
    return RunRecord(
        [
            WrittenMessage(psid, around.delivery.acked.get(mid))
            for mid, psid in around.contacts.written.items()
        ],
        _seen(sent),
        tuple(around.operators.replies.values()),
        frozenset(around.operators.touched),
        around.subject.restores,
        [*around.stalls.seen, *around.subject.stalls],
    )


def _seen(sent: dict[str, Sequence[tuple[str, str]]]) -> list[Seen]:
    return [
        Seen(psid, text, datetime.fromisoformat(at))
        for psid, messages in sent.items()
        for at, text in messages
    ]


def _examine(around: Surroundings) -> None:
    """Examine the installation as `moca doctor` does, and the file at its end."""
    subject = around.subject
    doctor = subject.service.command("doctor")
    faults = [line for line in doctor.stdout.splitlines() if "Fix" in line]
    # A webhook of the run that was signed wrongly seems to be the latest if the clock was ahead.
    is_explained = bool(faults) and all("signature" in line for line in faults)
    if doctor.returncode != 0 and not is_explained:
        subject.blame(f"doctor: {doctor.returncode} {faults} {doctor.stderr}")
    subject.stop()
    with sqlite3.connect(subject.service.path / "moca.db") as database:
        (found,) = database.execute("PRAGMA integrity_check").fetchone()
    if found != "ok":
        subject.blame(f"integrity_check: {found}")
