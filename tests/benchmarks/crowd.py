"""Live conversations in one process: `python -m tests.benchmarks.crowd [CONVERSATIONS…]`."""

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from rich.console import Console

from actors.application import tune_garbage_collection
from actors.conversation import ConversationActor, ConversationContext
from actors.runtime.dispatchers import PoolDispatcher
from actors.runtime.timers import TimerThread
from actors.supervisor import SupervisorActor
from moca.core.conversation.snapshot import Inbound
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.replies import RecordSteps
from moca.core.policy import ConversationPolicy, same_for_all
from moca.core.types import ContactKey
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from tests.benchmarks.runtime import resident_bytes
from tests.benchmarks.support.figures import Figure, show
from tests.benchmarks.support.load import apart, psid_of

CROWDS = 10_000, 100_000, 1_000_000
TIMES = 5
"""A small crowd is done within a second, too little for a single measurement."""
AT_ONCE = 1_000
PATIENT = ConversationPolicy(debounce=timedelta(days=1))
TEXTS = "Hello", "Where is my order?"


@dataclass(frozen=True)
class CrowdReading:
    """The cost of one number of conversations, in a process of its own."""

    bytes_each: float
    messages_per_second: float
    """Per second of CPU time, which other processes do not distort."""
    stopped_ms: float
    """The longest pause for garbage collection."""


def figures(*crowds: int) -> Iterator[Figure]:
    """Send each conversation two messages; compare with the smallest number of conversations."""
    readings = {crowd: _typical(crowd) for crowd in crowds or CROWDS}
    smallest = min(readings)
    for crowd, reading in readings.items():
        rate, usual = reading.messages_per_second, readings[smallest].messages_per_second
        yield Figure(
            f"{crowd:,} live conversations, each with its state",
            f"{reading.bytes_each:,.0f} bytes each, {rate:,.0f} messages/CPU s, "
            f"never stopped for more than {reading.stopped_ms:,.0f} ms",
            f"{smallest:,}: {usual:,.0f}/s",
            f"{rate / usual:.2f}",
        )


def _typical(crowd: int) -> CrowdReading:
    times = min(TIMES, max(1, max(CROWDS) // crowd))
    readings = [apart(measure, crowd) for _ in range(times)]
    return CrowdReading(
        median(each.bytes_each for each in readings),
        median(each.messages_per_second for each in readings),
        max(each.stopped_ms for each in readings),
    )


def measure(crowd: int) -> CrowdReading:
    """Run live conversations, each gathering two messages; all but the database is real."""
    tune_garbage_collection()
    heard = _Heard()
    timers = TimerThread()
    timers.start()
    dispatcher = PoolDispatcher("actors", threads=2)
    around = ConversationContext(
        same_for_all(PATIENT), heard.note, _ignore, _ignore, _ignore, timers
    )
    supervisor = SupervisorActor.start_on(
        dispatcher,
        record=_ignore,
        to_sender=_ignore,
        spawn=lambda contact, first: ConversationActor.start_on(dispatcher, contact, around, first),
        timers=timers,
        sweep=timedelta(days=1),
        is_busy=lambda: False,
    )
    before = resident_bytes()
    stops = _Stops()
    _write(supervisor.tell, heard, crowd, 0)
    began = time.process_time()
    _write(supervisor.tell, heard, crowd, 1)
    rate = crowd / (time.process_time() - began)
    stops.end()
    grown = resident_bytes() - before
    dispatcher.stop()
    timers.stop()
    return CrowdReading(grown / crowd, rate, stops.longest_ms)


class _Stops:
    """Times each garbage collection, which stops everything else."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._began = 0.0
        gc.callbacks.append(self._note)

    def end(self) -> None:
        gc.callbacks.remove(self._note)

    def _note(self, phase: str, _about: object) -> None:
        now = time.thread_time()
        if phase == "start":
            self._began = now
        else:
            self.longest_ms = max(self.longest_ms, 1000 * (now - self._began))


class _Heard:
    """Counts the messages that conversations have handled."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def note(self, command: object) -> None:
        if isinstance(command, RecordSteps):
            with self._changed:
                self._count += 1
                self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._count >= count)


def _write(tell: Callable[[Any], None], heard: _Heard, crowd: int, which: int) -> None:
    for number in range(crowd):
        tell(_arrived(number, which))
        if number % AT_ONCE == 0:
            heard.wait_for(crowd * which + number)
    heard.wait_for(crowd * (which + 1))


def _arrived(number: int, which: int) -> MessageArrived:
    # Strings of their own, as rows of a database have them.
    contact = ContactKey(f"{SANDBOX_ACCOUNT_ID} "[:-1], psid_of(number))
    message = Inbound(
        id=2 * number + which,
        mid=f"{number:->160}{which}",
        text=f"{TEXTS[which]} "[:-1],
        received_at=datetime.now(UTC),
    )
    return MessageArrived(contact, number, message, is_first=not which)


def _ignore(*_what: object) -> None:
    pass


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    show(Console(width=120), {"crowd": tuple(figures(*asked))})
