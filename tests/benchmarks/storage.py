"""The cost of storing: `python -m tests.benchmarks.storage [postgresql://…]`.

Each row is one kind of command, each column how many of them share a transaction. All columns are
measured in turn, on one database; the commit is included.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.command import Command
from moca.core.messages.conversation import LoadConversation
from moca.core.messages.delivery import ClaimReply, RecordSent
from moca.core.messages.inbound import MessageArrived, RecordWebhook
from moca.core.messages.replies import QueueReply, RecordSteps, ReplyQueued
from moca.core.types import ContactKey, Stage, Step
from moca.storage.db.connection import open_database
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, Webhook
from moca.storage.db.upgrade import migrate
from moca.storage.writer import Writer, WriterPolicy
from tests.benchmarks.support.figures import Figure, beside
from tests.support.factory import NOON
from tests.support.values import of_kind

BATCHES = 1, 64, 1000
ROUNDS = {1: 100, 64: 6, 1000: 2}
POLICY = WriterPolicy()
BODY = b"x" * 400


class Bench:
    """Journeys of new contacts through one writer, timed by kind of command."""

    def __init__(self, url: str) -> None:
        self.database = open_database(url)
        migrate(self.database)
        self._writer = Writer(self.database, POLICY)
        self._last = 0
        self.times: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.statements: dict[str, dict[int, int]] = defaultdict(dict)
        self._ran = 0
        self._count_statements()

    def _count_statements(self) -> None:
        cursor = self.database.cursor

        def counted(original: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **kwargs: object) -> object:
                self._ran += 1
                return original(*args, **kwargs)

            return call

        patch.object(self.database, "cursor", counted(cursor)).start()

    def fresh(self, count: int) -> list[tuple[ContactKey, str]]:
        """Return new contacts, each with its message."""
        first = self._last
        self._last += count
        return [
            (ContactKey("17841400000000001", f"psid{n}"), f"{n:->160}")
            for n in range(first, first + count)
        ]

    def time(self, name: str, count: int, commands: Sequence[Command]) -> tuple[object, ...]:
        """Apply commands in one transaction."""
        self._ran = 0
        began = perf_counter()
        events = self._writer.apply(commands).events
        self.times[name][count].append((perf_counter() - began) / count * 1e6)
        self.statements[name][count] = self._ran
        return events

    def journeys(self, count: int) -> None:
        """Take messages through every step, all of them in one transaction per step."""
        new = self.fresh(count)
        webhooks = [RecordWebhook(BODY, (_said(*each),), NOON) for each in new]
        written = self.time("RecordWebhook, new contacts", count, webhooks)
        arrived = [of_kind(event, MessageArrived) for event in written]
        again = [RecordWebhook(BODY, (_said(key, mid[::-1]),), NOON) for key, mid in new]
        self.time("RecordWebhook, known contacts", count, again)
        self.time("LoadConversation", count, [LoadConversation(key, NOON) for key, _ in new])
        ids = [event.message.id for event in arrived]
        self.time("RecordSteps, 2 each", count, [_passed(each) for each in ids])
        replies = [
            QueueReply(
                event.conversation_id, (event.message.id,), content=Content(text="hi"), at=NOON
            )
            for event in arrived
        ]
        written = self.time("QueueReply", count, replies)
        queued = [of_kind(event, ReplyQueued) for event in written]
        self.time("ClaimReply", count, [ClaimReply(event.reply, NOON) for event in queued])
        sent = [
            RecordSent(event.reply.item_id, f"r{mid}", NOON, "the call's answer")
            for event, (_, mid) in zip(queued, new, strict=True)
        ]
        self.time("RecordSent", count, sent)
        echoes = [RecordWebhook(BODY, (_echo(*each),), NOON) for each in new]
        self.time("RecordWebhook, echoes", count, echoes)

    def one_body(self, count: int) -> None:
        """Store updates that came in one body."""
        events = tuple(_said(*each) for each in self.fresh(count))
        self.time("RecordWebhook, one body", count, [RecordWebhook(BODY, events, NOON)])

    def row_by_row(self, count: int) -> None:
        """Store as in Peewee's tutorial, for comparison."""
        began = perf_counter()
        with self.database.atomic():
            for key, mid in self.fresh(count):
                _create(key, mid)
        name = "the same as Model.create"
        self.times[name][count].append((perf_counter() - began) / count * 1e6)


def _said(contact: ContactKey, mid: str) -> InboundMessage:
    return InboundMessage(contact=contact, mid=mid, text="hello", sent_at=NOON)


def _echo(contact: ContactKey, mid: str) -> Echo:
    return Echo(contact=contact, mid=f"r{mid}", text="hi")


def _passed(message_id: int) -> RecordSteps:
    return RecordSteps(
        (
            Step(message_id, NOON, Stage.DEDUPLICATION, "passed", "no duplicate within 10 s"),
            Step(message_id, NOON, Stage.DEBOUNCE, "waiting", "until 12:00:05, 5 s left"),
        )
    )


def _create(key: ContactKey, mid: str) -> None:
    webhook = Webhook.create(received_at=NOON, body=BODY)
    create: Any = Contact.get_or_create
    contact, _ = create(
        account_id=key.account_id,
        psid=key.psid,
        defaults={"created_at": NOON, "last_seen_at": NOON},
    )
    conversation = Conversation.create(contact=contact, created_at=NOON, last_activity_at=NOON)
    message = Message.create(
        conversation=conversation,
        webhook=webhook,
        account_id=key.account_id,
        mid=mid,
        role="user",
        text="hello",
        created_at=NOON,
    )
    for stage, outcome in (("reception", "received"), ("storage", "stored")):
        JourneyStep.create(message=message, at=NOON, stage=stage, outcome=outcome)


def figures() -> Iterator[Figure]:
    """Compare messages that share a commit with the same rows by `Model.create`, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(f"sqlite:///{folder}/moca.db")
        bench.journeys(64)
        bench.times.clear()
        for _ in range(2 * ROUNDS[64]):
            bench.journeys(64)
            bench.row_by_row(64)
        bench.database.close()
    obvious = bench.times.pop("the same as Model.create")[64]
    for name in ("RecordWebhook, new contacts", "RecordWebhook, known contacts"):
        yield beside(
            f"{name}, 64 at once", "{:,.0f} µs", bench.times[name][64], "Model.create", obvious
        )


def main(url: str | None) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(url or f"sqlite:///{folder}/moca.db")
        bench.journeys(64)
        bench.times.clear()
        for count in BATCHES:
            for _ in range(ROUNDS[count]):
                bench.journeys(count)
                bench.one_body(count)
                bench.row_by_row(count)
        _print(bench)
        bench.database.close()


def _print(bench: Bench) -> None:
    table = Table("µs a message (statements)", *(f"{count} at once" for count in BATCHES), "1:1000")
    for name, by_count in bench.times.items():
        medians = [median(by_count[count]) for count in BATCHES]
        cells = [
            f"{figure:,.0f} ({bench.statements[name].get(count, '-')})"
            for figure, count in zip(medians, BATCHES, strict=True)
        ]
        table.add_row(name, *cells, f"{medians[0] / medians[-1]:.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
