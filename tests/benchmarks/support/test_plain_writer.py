from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect

import pytest

from moca.core.messages.inbound import RecordWebhook
from moca.instagram.events import read_webhook
from moca.storage.writer import Writer, WriterPolicy
from tests.benchmarks.support.engine import database_in
from tests.benchmarks.support.load import body_of
from tests.benchmarks.support.plain_writer import PlainMessage, PlainWriter

TABLES = "webhook", "contact", "conversation", "message", "journey_step", "feed"
BODIES = [body_of(number) for number in range(3)]


def rows_in(path: Path) -> dict[str, list[object]]:
    with closing(connect(path)) as database:
        return {
            table: database.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
            for table in TABLES
        }


def test_the_plain_writer_stores_the_rows_that_moca_acknowledges(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    at_us = int(at.timestamp()) * 1_000_000 + at.microsecond
    PlainWriter(tmp_path / "plain.db").store([PlainMessage.read(body, at_us) for body in BODIES])
    writer = Writer(database_in(tmp_path), WriterPolicy())
    writer.apply([RecordWebhook(body, read_webhook(body, live=True), at) for body in BODIES])
    assert rows_in(tmp_path / "plain.db") == rows_in(tmp_path / "moca.db")


def test_the_plain_writer_stores_no_message_twice(tmp_path: Path) -> None:
    writer = PlainWriter(tmp_path / "plain.db")
    messages = [PlainMessage.read(body, 1) for body in BODIES]
    writer.store(messages)
    with pytest.raises(ValueError, match="twice"):
        writer.store(messages[-1:])
    assert len(rows_in(tmp_path / "plain.db")["message"]) == len(BODIES)
