import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from threading import Event

from actors.config import sender_policy
from moca.core.inbound.events import InboundMessage
from moca.core.messages.delivery import DeliveryStarted
from moca.core.messages.inbound import RecordWebhook
from moca.core.types import ContactKey
from moca.settings.sections import SANDBOX_ACCOUNT_ID, Sender, Settings
from tests.benchmarks.support.engine import Engine, database_in
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import apart, psid_of
from tests.benchmarks.support.standin import RecordingGraph


@dataclass(frozen=True)
class Round:
    """What is allowed, how many contacts write at once, and how slowly Instagram answers."""

    per_second: int
    contacts: int
    answers_after_seconds: float = 0.0
    used_goal: str = ""
    cpu_goal: str = ""


ROUNDS = (
    Round(3, 60),
    Round(100, 2000),
    Round(100, 2500, 1.0, "≥ 0.99"),
    Round(300, 6000, 0.0, "≥ 0.97", "≤ 2.5 ms"),
    Round(300, 6000, 0.3),
)


@dataclass
class Sends:
    """The calls of one round by the sender's record."""

    starts: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    """The process's processor time at each start."""

    @property
    def cpu_ms_per_send(self) -> float:
        """The processor time of a send in the second half, once every reply is in the queue."""
        half = self.cpu_seconds[len(self.cpu_seconds) // 2 :]
        return 1000 * (half[-1] - half[0]) / (len(half) - 1)


def figures() -> Iterator[Figure]:
    """Compare the sends per second with the limit: by the sender's record, and as received."""
    for each in ROUNDS:
        with RecordingGraph(each.answers_after_seconds) as graph:
            sends = apart(_sends, graph.url, each)
            graph.wait_for(each.contacts, 10)
            arrivals = [at for at, _ in graph.arrivals]
        what = f"{each.contacts:,} replies, answers after {each.answers_after_seconds:g} s"
        yield used(f"{what}, the sender's record", sends.starts, each.per_second, each.used_goal)
        yield used("seen at Instagram", arrivals, each.per_second)
        cost = f"{sends.cpu_ms_per_send:.2f} ms"
        yield Figure(f"processor time of a send at {each.per_second}/s", cost, goal=each.cpu_goal)


def used(what: str, starts: Sequence[float], per_second: int, goal: str = "") -> Figure:
    first, last = starts[:per_second], starts[-per_second:]
    rate = (len(starts) - per_second) / (mean(last) - mean(first))
    return Figure(
        what,
        f"{rate:.2f}/s, at most {_most(starts)} in any 1 s",
        f"allowed {per_second}/s",
        f"{rate / per_second:.4f}",
        goal,
    )


def _sends(url: str, each: Round) -> Sends:
    sends = Sends()
    done = Event()

    def observe(event: object) -> None:
        if isinstance(event, DeliveryStarted):
            sends.starts.append(event.at.timestamp())
            sends.cpu_seconds.append(time.process_time())
            if len(sends.starts) == each.contacts:
                done.set()

    limits = Sender(per_second=each.per_second, account_per_second=max(100, each.per_second))
    engine = Engine(
        graph_url=url, sender=sender_policy(Settings(sender=limits)), observers=(observe,)
    )
    with tempfile.TemporaryDirectory() as name, engine.running(database_in(Path(name))) as system:
        for number in range(each.contacts):
            system.tell(written(number))
        assert done.wait(3 * each.contacts / each.per_second + 10)
    sends.starts.sort()
    return sends


def written(number: int) -> RecordWebhook:
    contact, now = ContactKey(SANDBOX_ACCOUNT_ID, psid_of(number)), datetime.now(UTC)
    said = InboundMessage(contact=contact, mid=f"m{number}", text="Hello", sent_at=now)
    return RecordWebhook(b"{}", (said,), now)


def _most(starts: Sequence[float]) -> int:
    most = first = 0
    for number, start in enumerate(starts):
        while start - starts[first] >= 1:
            first += 1
        most = max(most, number - first + 1)
    return most
