"""What an agent waits for: `python -m tests.benchmarks.inbox [--messages 10000000] [--on FOLDER]`.

`--postgresql URL` copies the database into an empty one of that server first, and measures there.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import click
import peewee
from rich.console import Console

from moca import clock
from moca.core.search_query import read_search
from moca.core.work_lists import WorkList
from moca.storage.copy_database import move
from moca.storage.db.connection import open_database
from moca.storage.db.operator_tables import ConversationLabel, Label
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation, Message
from moca.storage.db.upgrade import migrate
from moca.storage.queries.contacts import find_contact
from moca.storage.queries.conversation_page import notes_of, read_thread
from moca.storage.queries.conversations import other_conversations, read_conversation
from moca.storage.queries.inbox import InboxFilter, count_inbox, list_inbox
from moca.storage.queries.search import SearchReader, search
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.benchmarks.support.figures import Figure, percentile, show
from tests.benchmarks.support.full_database import fill, index_all
from tests.support.databases import run_sql

FEW, MANY = 10_000, 1_000_000
MESSAGES_EACH = 100
ROUNDS = 100
SHOWN = 40
TOKEN = "benchmark-token"
_SEARCHES = {
    "search, a hit": "Monday",
    "search, no hit": "giraffe",
    "search, as it is typed": "yester",
    "search, from: a contact": "order from:Ada",
    "search, from: a contact, no hit": "giraffe from:Ada",
    "search, from: one of many": 'from:"Ada {contact}"',
    "search, from:bot": "Friday from:bot",
    "search, from:me, no hit": "order from:me",
    "search, label:": "order label:vip",
    "search, is:": "Friday is:closed",
    "search, is: without words": "is:closed",
    "search, before:": "order before:{day}",
}

Measured = Callable[[int], object]
"""Does what is timed, for one of the contacts, whose conversation has the same number."""


def figures(
    messages: int = MANY, on: Path | None = None, postgresql: str | None = None
) -> Iterator[Figure]:
    """Time what an inbox reads with many messages, and with ten thousand in the same run."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        few = _timed(_filled(folder, FEW), FEW)
        many = _timed(_database(stack, messages, on, postgresql), messages)
    for what, spans in many.items():
        halves = [each.text for each in (spans, few[what])]
        ratio = spans.median_ms / few[what].median_ms
        yield Figure(what, halves[0], f"{FEW:,} messages: {halves[1]}", f"{ratio:.1f}")


def _filled(folder: Path, messages: int) -> peewee.Database:
    if not (folder / "moca.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        fill(folder, messages // MESSAGES_EACH, messages)
    return open_database(f"sqlite:///{folder}/moca.db")


def _database(
    stack: contextlib.ExitStack, messages: int, on: Path | None, postgresql: str | None
) -> peewee.Database:
    folder = on or Path(stack.enter_context(tempfile.TemporaryDirectory()))
    source = _filled(folder, messages)
    if postgresql is None:
        return source
    target = open_database(postgresql)
    migrate(target)
    with target.connection_context():
        is_filled = Message.select().exists()
    if not is_filled:
        with source.connection_context(), target.connection_context():
            move(source, target, lambda _step, _done, _rows: None)
        index_all(target)
    return open_database(postgresql)


class Spans(NamedTuple):
    """How long one kind of read took."""

    median_ms: float
    p95_ms: float
    processor_p95_ms: float
    """Of this process alone: without waiting for the disk, other processes or PostgreSQL."""

    @property
    def text(self) -> str:
        processor = f"{self.processor_p95_ms:.1f} ms of the processor"
        return f"p50 {self.median_ms:.1f} ms, p95 {self.p95_ms:.1f} ms ({processor})"


def _timed(database: peewee.Database, messages: int) -> Mapping[str, Spans]:
    migrate(database)
    contacts, draw = messages // MESSAGES_EACH, Random(1)
    with database.connection_context():
        _label(contacts)
        if not isinstance(database, peewee.SqliteDatabase):
            run_sql(database, "ANALYZE")  # As its autovacuum does.
        measured = {**_reads(), **_searches(), **_pages(database)}
        return {what: _spans(each, draw, contacts) for what, each in measured.items()}


def _spans(measured: Measured, draw: Random, contacts: int) -> Spans:
    spans, processor_spans = [], []
    for _ in range(ROUNDS):
        contact = draw.randint(1, contacts)
        started, processor_started = time.perf_counter(), time.process_time()
        measured(contact)
        processor_spans.append(time.process_time() - processor_started)
        spans.append(time.perf_counter() - started)
    return Spans(
        median_ms=percentile(spans, 0.5) * 1000,
        p95_ms=percentile(spans, 0.95) * 1000,
        processor_p95_ms=percentile(processor_spans, 0.95) * 1000,
    )


def _label(contacts: int) -> None:
    """Label one conversation in a hundred."""
    create: Any = Label.get_or_create
    label, is_new = create(name="vip", folded_name="vip", defaults={"colour": "red"})
    if not is_new:
        return
    labelled = Conversation.select(Conversation.id, Conversation.last_activity_at)
    some = labelled.where(Conversation.id << list(range(1, contacts, 100)))
    rows = [
        {"conversation": number, "label": label.id, "last_activity_at": at}
        for number, at in read_rows(some)
    ]
    for start in range(0, len(rows), 500):
        ConversationLabel.insert_many(rows[start : start + 500]).execute()


def _reads() -> Mapping[str, Measured]:
    def pane(contact: int) -> object:
        found = read_conversation(contact)
        if found is None:
            raise RuntimeError(f"there is no conversation {contact}")
        contact_record = find_contact(found.contact.psid, found.contact.account_id)
        return contact_record, other_conversations(found), notes_of(contact)

    def counts(_contact: int) -> object:
        now = clock.now()
        return [count_inbox(InboxFilter(work_list=each), now) for each in WorkList]

    def listed(work_list: WorkList) -> Measured:
        wanted = InboxFilter(work_list=work_list)
        return lambda _contact: list_inbox(wanted, clock.now(), limit=SHOWN)

    return {
        "list, all open": listed(WorkList.ALL_OPEN),
        "list, needs reply": listed(WorkList.NEEDS_REPLY),
        "list, closed": listed(WorkList.CLOSED),
        "counts of all lists": counts,
        "thread": lambda contact: read_thread(contact, limit=50),
        "contact pane": pane,
    }


def _searches() -> Mapping[str, Measured]:
    reader = SearchReader(at=clock.now(), zone=UTC, name="ana")
    day = f"{(datetime.now(UTC) - timedelta(days=180)).date()}"

    def searched(text: str) -> Measured:
        return lambda contact: search(
            read_search(text.format(contact=contact, day=day)), reader, limit=SHOWN
        )

    return {what: searched(text) for what, text in _SEARCHES.items()}


def _pages(database: peewee.Database) -> Mapping[str, Measured]:
    ports = WebPorts(database=database, tell=lambda _command: None, health=Health)
    config = WebConfig(app_secrets=("secret",), verify_token="verify", api_token=TOKEN)
    client = create_app(ports, config).test_client()

    def page(path: str, **headers: str) -> Measured:
        known = {"Authorization": f"Bearer {TOKEN}", **headers}

        def get(contact: int) -> object:
            answer = client.get(path.format(contact=contact), headers=known)
            if answer.status_code != 200:
                raise RuntimeError(f"{path} was answered {answer.status_code}")
            return answer

        return get

    return {
        "page, a conversation beside its list": page("/conversations/{contact}"),
        "page, a swap to a conversation": page("/conversations/{contact}", **{"X-Moca-List": "/"}),
        "page, a refresh of a thread": page("/conversations/{contact}", **{"X-Moca-Live": "1"}),
    }


@click.command()
@click.option("--messages", default=MANY, show_default=True, help="How many messages to have.")
@click.option("--on", type=click.Path(path_type=Path), help="A folder to fill, or filled before.")
@click.option("--postgresql", help="The URL of an empty database, or of one filled before.")
def main(messages: int, on: Path | None, postgresql: str | None) -> None:
    """Measure; ten million messages take half an hour and 13 GB of disk to fill."""
    show(Console(width=180), {"inbox": tuple(figures(messages, on, postgresql))})


if __name__ == "__main__":
    main()
