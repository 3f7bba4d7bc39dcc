import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from threading import Event

from moca.core.inbound.events import InboundMessage
from moca.core.messages.delivery import DeliveryStarted
from moca.core.messages.inbound import RecordWebhook
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from tests.benchmarks.support.engine import Engine, database_in
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import apart, psid_of
from tests.benchmarks.support.standin import RecordingGraph

CONTACTS = {3: 60, 100: 2000}
"""How many write at once, by the allowed replies per second."""


def figures() -> Iterator[Figure]:
    """Compare the sends per second with the limit: by the sender's record, and as received."""
    for per_second, contacts in CONTACTS.items():
        with RecordingGraph() as graph:
            record = apart(_starts, graph.url, per_second, contacts)
            graph.wait_for(contacts, 10)
            arrivals = [at for at, _ in graph.arrivals]
        for who, starts in (("the sender's record", record), ("seen at Instagram", arrivals)):
            yield used(f"{contacts:,} replies, {who}", starts, per_second)


def used(what: str, starts: Sequence[float], per_second: int) -> Figure:
    first, last = starts[:per_second], starts[-per_second:]
    rate = (len(starts) - per_second) / (mean(last) - mean(first))
    return Figure(
        what,
        f"{rate:.2f}/s, at most {_most(starts)} in any 1 s",
        f"allowed {per_second}/s",
        f"{rate / per_second:.4f}",
    )


def _starts(url: str, per_second: int, contacts: int) -> list[float]:
    """Send this many messages at once; return when the sender counted each call as made."""
    starts: list[float] = []
    done = Event()

    def observe(event: object) -> None:
        if isinstance(event, DeliveryStarted):
            starts.append(event.at.timestamp())
            if len(starts) == contacts:
                done.set()

    policy = SenderPolicy(per_second=per_second, couriers=64)
    engine = Engine(graph_url=url, sender=policy, observers=(observe,))
    with tempfile.TemporaryDirectory() as name, engine.running(database_in(Path(name))) as system:
        for number in range(contacts):
            system.tell(written(number))
        assert done.wait(3 * contacts / per_second + 10)
    return sorted(starts)


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
