"""A start on many unanswered messages: `python -m tests.benchmarks.backlog [MESSAGES]`."""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from rich.console import Console

from moca.core.inbound.events import InboundMessage
from moca.core.messages.inbound import RecordWebhook
from moca.core.types import ContactKey
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from moca.storage.writer import Writer
from tests.benchmarks.support.engine import WRITER, database_in
from tests.benchmarks.support.figures import Figure, show
from tests.benchmarks.support.load import psid_of
from tests.benchmarks.support.memory import Watch
from tests.benchmarks.support.servers import moca
from tests.benchmarks.support.standin import RecordingGraph

MESSAGES = 100_000
NO_LIMIT = 100_000
A_COMMIT = 1000
SLOWEST_PER_SECOND = 50


def figures(messages: int = MESSAGES) -> Iterator[Figure]:
    """Start on a database with this many unanswered contacts, with limits lifted."""
    lifted = {"sender__per_second": NO_LIMIT, "sender__account_per_second": NO_LIMIT}
    with tempfile.TemporaryDirectory() as name, RecordingGraph() as graph:
        folder = Path(name)
        _fill(folder, messages)
        began = time.perf_counter()
        with moca(folder, instagram__graph_url=graph.url, **lifted) as ours:
            with Watch(ours) as watch:
                graph.wait_for(messages, messages / SLOWEST_PER_SECOND)
            ended = time.perf_counter()
        arrivals = list(graph.arrivals)
    answered = {recipient for _, recipient in arrivals}
    what = f"{messages:,} unanswered at the start"
    yield Figure(f"{what}: first reply", f"{arrivals[0][0] - began:.2f} s after the start")
    yield Figure("all replies", f"{ended - began:.0f} s, {messages / (ended - began):,.0f}/s")
    yield Figure("lost; twice", f"{messages - len(answered)}; {len(arrivals) - len(answered)}")
    yield Figure("memory, at most", f"{watch.most / 2**20:,.0f} MiB")


def _fill(folder: Path, messages: int) -> None:
    database = database_in(folder)
    writer = Writer(database, WRITER)
    written_at = datetime.now(UTC) - timedelta(minutes=1)
    numbers = iter(range(messages))
    while chunk := tuple(islice(numbers, A_COMMIT)):
        said = tuple(_said(number, written_at) for number in chunk)
        writer.apply([RecordWebhook(b"{}", said, written_at)])
    writer.close()


def _said(number: int, at: datetime) -> InboundMessage:
    contact = ContactKey(SANDBOX_ACCOUNT_ID, psid_of(number))
    return InboundMessage(contact=contact, mid=f"m{number}", text="Hello", sent_at=at)


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    show(Console(width=120), {"backlog": tuple(figures(*asked))})
