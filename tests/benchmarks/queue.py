"""The next of a million pending replies: `python -m tests.benchmarks.queue [ITEMS]`."""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peewee
from rich.console import Console

from moca.core.messages.delivery import FindPending, PendingFound, ReplyClaimed
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import SenderPolicy
from moca.storage.writer import Writer
from tests.benchmarks.runtime import resident_bytes
from tests.benchmarks.support.engine import WRITER, database_in
from tests.benchmarks.support.figures import Figure, percentile, show
from tests.benchmarks.support.load import apart
from tests.support.databases import run_sql

ITEMS = 1_000_000
FEW = 1_000
POLICY = SenderPolicy(per_second=1_000_000, account_per_second=1_000_000, couriers=1)
AN_HOUR_US = 3_600_000_000

_FILL = """
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
"""
_CONTACTS = """INSERT INTO contact (id, account_id, psid, created_at, last_seen_at, message_count)
SELECT i, 'account', 'person' || i, :now, :now, 1 FROM n"""
_CONVERSATIONS = """INSERT INTO conversation (id, contact_id, status, created_at, last_activity_at)
SELECT i, i, 'open', :now, :now FROM n"""
_MESSAGES = """INSERT INTO message (id, conversation_id, account_id, kind, role, author, type, text,
created_at, status, processed, because, redeliveries)
SELECT i, i, 'account', 'message', 'assistant', 'operator', 'text', 'Hello', :now, 'queued', 0, '',
0 FROM n"""
_ITEMS = """INSERT INTO queue_item
(id, message_id, conversation_id, priority, status, scheduled_for, attempts, because, created_at,
channel) SELECT i, i, i, 1, 'pending', :due, 0, '', :now, 'text:account' FROM n"""


def figures(items: int = ITEMS) -> Iterator[Figure]:
    """Find the next among a few, among many due, and behind many scheduled for later."""
    for what, due, later in (
        (f"{FEW:,} due", FEW, 0),
        (f"{items:,} due", items, 0),
        (f"{FEW:,} behind {items:,} for later", FEW, items),
    ):
        yield from (Figure(f"{what}: {name}", told) for name, told in apart(_measure, due, later))


def _measure(due: int, later: int) -> list[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as name:
        database = database_in(Path(name))
        now = datetime.now(UTC)
        _fill(database, 1, later, now, now + timedelta(days=300))
        _fill(database, later + 1, later + due, now, now)
        writer = Writer(database, WRITER)
        before = resident_bytes()
        window, seconds = _window(writer, now)
        chosen = _choose(window, now)
        grown = resident_bytes() - before
        writer.close()
    return [
        ("window read, a reply", f"{seconds / len(window) * 1e6:.0f} µs of {len(window):,}"),
        ("next chosen, p50", f"{percentile(chosen, 0.5) * 1e6:.0f} µs"),
        ("next chosen, p99", f"{percentile(chosen, 0.99) * 1e6:.0f} µs"),
        ("memory", f"{grown / 2**20:.0f} MiB"),
    ]


def _fill(database: peewee.Database, first: int, last: int, now: datetime, due: datetime) -> None:
    if last < first:
        return
    values = {
        "first": first,
        "last": last,
        "now": int(now.timestamp() * 1e6),
        "due": int(due.timestamp() * 1e6),
    }
    with database.connection_context(), database.atomic():
        for insert in (_CONTACTS, _CONVERSATIONS, _MESSAGES, _ITEMS):
            head, select = insert.split("SELECT", 1)
            run_sql(database, f"{head}{_FILL}SELECT{select}", values)


def _window(writer: Writer, now: datetime) -> tuple[tuple[QueuedReply, ...], float]:
    began = time.perf_counter()
    wanted = FindPending(POLICY.capacity, now, now + timedelta(minutes=1))
    (found,) = writer.apply([wanted]).events
    assert isinstance(found, PendingFound)
    return found.replies, time.perf_counter() - began


def _choose(window: tuple[QueuedReply, ...], now: datetime) -> list[float]:
    outbox, spans = Outbox(POLICY), []
    for reply in window:
        outbox.add(reply, now)
    for number in range(len(window)):
        at = now + timedelta(milliseconds=10 * number)
        began = time.perf_counter()
        (claim,) = outbox.claims(at)
        outbox.claimed(ReplyClaimed(claim.reply, claim.at))
        (call,) = outbox.calls(at)
        outbox.started(call.reply.item_id, at)
        outbox.ended(call.reply, at)
        outbox.release(call.reply, at)
        outbox.wake_at(at)
        spans.append(time.perf_counter() - began)
    return spans


if __name__ == "__main__":
    asked = [int(each) for each in sys.argv[1:]]
    show(Console(width=120), {"queue": tuple(figures(*asked))})
