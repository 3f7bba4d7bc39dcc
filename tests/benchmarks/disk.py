"""The disk that an answered message takes: `python -m tests.benchmarks disk`."""

import json
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import peewee

from actors.background.jobs import BackgroundConfig
from actors.background.retention import RetentionPeriods
from moca.core.content.content import Content
from moca.core.messages.housekeeping import RetentionApplied
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import Delivered
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ContactKey, Outcome
from moca.instagram.events import read_webhook
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from moca.storage.db.tables import Message
from moca.storage.writer import Writer
from tests.benchmarks.day import MORNING, Day
from tests.benchmarks.support.engine import WRITER
from tests.benchmarks.support.figures import Figure
from tests.benchmarks.support.load import mid_of, psid_of

CONTACTS = 1_000
MESSAGES = 10_000
_A_MONTH, _A_YEAR = timedelta(days=60), timedelta(days=365)
_PERIODS = RetentionPeriods(
    events=timedelta(days=30), webhooks=timedelta(days=30), journeys=timedelta(days=90)
)
"""The defaults of the settings."""


def figures() -> Iterator[Figure]:
    """Answer messages whose replies are echoed; look at the database then, and much later."""
    with tempfile.TemporaryDirectory() as name:
        with _EchoingDay(Path(name)) as day:
            day.passes(MORNING, MESSAGES)
            day.ends()
        database = day.database
        answered = Message.select().where(Message.outcome == Outcome.ANSWERED).count()
        fresh = _bytes_in_use(database)
        _age(database, _A_MONTH)
        without_bodies = _bytes_in_use(database)
        _age(database, _A_YEAR)
        condensed = _bytes_in_use(database)
    for what, size in (
        ("fresh", fresh),
        ("once webhook bodies and events have gone", without_bodies),
        ("once journeys are condensed, too", condensed),
    ):
        yield Figure(f"bytes on disk an answered message, {what}", f"{size / answered:,.0f}")


class _EchoingDay(Day):
    """A day of messages with their bodies and long ids, as Meta sends them, and echoes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, BackgroundConfig(indexes=True))
        self._echoes: list[tuple[str, dict[str, object]]] = []

    def hear(self) -> None:
        number = next(self._messages)
        psid = psid_of(number % CONTACTS)
        self._receive(psid, {"mid": mid_of(psid, number), "text": "Where is my order?"})
        echoes, self._echoes = self._echoes, []
        for psid, echo in echoes:
            self._receive(psid, echo)

    def send(self, contact: ContactKey, content: Content, way: ReplyAddress) -> Delivered:
        self.sent += 1
        mid = mid_of(contact.psid, MESSAGES + self.sent)
        self._echoes.append((contact.psid, {"mid": mid, "text": content.text, "is_echo": True}))
        return Delivered(mid)

    def _receive(self, psid: str, message: dict[str, object]) -> None:
        ends = {"id": psid}, {"id": SANDBOX_ACCOUNT_ID}
        sender, recipient = reversed(ends) if "is_echo" in message else ends
        now_ms = int(self.now.timestamp() * 1000)
        told = {
            "sender": sender,
            "recipient": recipient,
            "timestamp": now_ms,
            "message": message,
        }
        entry = {"id": SANDBOX_ACCOUNT_ID, "time": now_ms, "messaging": [told]}
        body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
        self.tell(RecordWebhook(body, read_webhook(body, live=True), self.now))


def _age(database: peewee.Database, age: timedelta) -> None:
    """Apply the retention of so much later."""
    writer, command = Writer(database, WRITER), _PERIODS.command(MORNING + age, 200)
    while RetentionApplied(has_more=True) in writer.apply([command]).events:
        pass


def _bytes_in_use(database: peewee.Database) -> int:
    """Return the size of the pages that are not free to be used again."""
    pragma: Any = database
    pages, free = pragma.pragma("page_count"), pragma.pragma("freelist_count")
    size: int = (pages - free) * pragma.pragma("page_size")
    return size
