"""Moca's actors beside `pykka.ThreadingActor`: `python -m tests.benchmarks.runtime`."""

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pykka
from rich.console import Console
from rich.table import Table

from actors.runtime.actor import MailboxActor
from actors.runtime.dispatchers import PoolDispatcher
from tests.benchmarks.support.figures import Figure, beside

SIDE_BY_SIDE = {1_000: 10, 10_000: 1}
OURS_ALONE = {100_000: 2, 1_000_000: 1}
"""Live actors, and the number of messages to each."""
ROUNDS = 3


@dataclass(frozen=True)
class RuntimeReading:
    """The measurements of one run in a process of its own."""

    starts_per_second: float
    messages_per_second: float
    bytes_an_actor: float


class Finish:
    """Opens when this many messages have been handled, on any threads."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._handled = count(1)
        self._done = threading.Event()

    def one_more(self) -> None:
        if next(self._handled) == self._messages:
            self._done.set()

    def wait(self) -> None:
        self._done.wait()


class Conversing:
    """A small state, like a conversation's, and next to no work."""

    def __init__(self, finish: Finish, psid: str) -> None:
        super().__init__()
        self.contact = ("17841400000000001", psid)
        self.seen = 0
        self.last: Any = None
        self.finish = finish

    def on_receive(self, message: Any) -> None:
        self.seen += 1
        self.last = message
        self.finish.one_more()


class OurActor(Conversing, MailboxActor):
    pass


class ThreadActor(Conversing, pykka.ThreadingActor):
    use_daemon_thread = True


def ours(actors: int, rounds: int) -> RuntimeReading:
    dispatcher = PoolDispatcher("benchmark", threads=2)
    return measure(lambda *state: OurActor.start_on(dispatcher, *state), actors, rounds)


def threads(actors: int, rounds: int) -> RuntimeReading:
    return measure(ThreadActor.start, actors, rounds)


def measure(start: Callable[..., pykka.ActorRef[Any]], actors: int, rounds: int) -> RuntimeReading:
    finish = Finish(actors * rounds)
    before = resident_bytes()
    began = time.perf_counter()
    refs = [start(finish, str(number)) for number in range(actors)]
    started = time.perf_counter()
    tell_all(refs, rounds)
    finish.wait()
    ended = time.perf_counter()
    return RuntimeReading(
        actors / (started - began),
        actors * rounds / (ended - started),
        (resident_bytes() - before) / actors,
    )


def tell_all(refs: list[pykka.ActorRef[Any]], rounds: int) -> None:
    for number in range(rounds):
        for ref in refs:
            ref.tell(number)


def resident_bytes() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def alone(
    measured: Callable[[int, int], RuntimeReading], actors: int, rounds: int
) -> RuntimeReading:
    """Measure in a fresh process, so that no run inherits another's memory."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as process:
        return process.submit(measured, actors, rounds).result()


def figures() -> Iterator[Figure]:
    """Compare rates and sizes, both kinds in turn."""
    for actors, told in SIDE_BY_SIDE.items():
        turns = [(alone(ours, actors, told), alone(threads, actors, told)) for _ in range(ROUNDS)]
        compared: tuple[tuple[str, str, Callable[[RuntimeReading], float]], ...] = (
            ("messages/s", "{:,.0f}/s", lambda reading: reading.messages_per_second),
            ("bytes an actor", "{:,.0f}", lambda reading: reading.bytes_an_actor),
        )
        for what, show, read in compared:
            mine, theirs = ([read(each) for each in side] for side in zip(*turns, strict=True))
            yield beside(f"{actors:,} actors: {what}", show, mine, "ThreadingActor", theirs)


def row(
    actors: int, name: str, reading: RuntimeReading, other: RuntimeReading | None
) -> tuple[str, ...]:
    ratios = ("", "")
    if other is not None:
        faster = reading.messages_per_second / other.messages_per_second
        slimmer = other.bytes_an_actor / reading.bytes_an_actor
        ratios = (f"{faster:.1f} x", f"{slimmer:.1f} x")
    return (
        f"{actors:,}",
        name,
        f"{reading.starts_per_second:,.0f}",
        f"{reading.messages_per_second:,.0f}",
        ratios[0],
        f"{reading.bytes_an_actor:,.0f}",
        ratios[1],
    )


def main() -> None:
    table = Table(title="Live actors in one process: ours beside pykka.ThreadingActor")
    for heading in (
        "actors",
        "runtime",
        "starts/s",
        "messages/s",
        "faster",
        "bytes each",
        "slimmer",
    ):
        table.add_column(heading, justify="left" if heading == "runtime" else "right")
    for actors, rounds in SIDE_BY_SIDE.items():
        theirs, mine = alone(threads, actors, rounds), alone(ours, actors, rounds)
        table.add_row(*row(actors, "threads", theirs, None))
        table.add_row(*row(actors, "ours", mine, theirs), end_section=True)
    for actors, rounds in OURS_ALONE.items():
        table.add_row(*row(actors, "ours", alone(ours, actors, rounds), None))
    Console().print(table)


if __name__ == "__main__":
    main()
