"""The rows that Moca commits before it acknowledges a message, by plain `sqlite3`."""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Self

from moca.core.reply_window import BY_ITS_TIMESTAMP
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate

Row = tuple[object, ...]

_PROFILE_DUE_AFTER_US = 10_000_000
_STORED_MESSAGES = """
    SELECT id FROM message WHERE mid IN (SELECT value FROM json_each(?))"""
_STORED_CONTACTS = """
    SELECT contact.id FROM contact
    LEFT JOIN conversation
        ON conversation.contact_id = contact.id AND conversation.status != 'closed'
    WHERE contact.psid IN (SELECT value FROM json_each(?))"""
_COLUMNS = {
    "webhook": "id, received_at, body",
    "contact": "id, account_id, psid, created_at, profile_due_at, last_seen_at, window_opened_at,"
    " message_count",
    "conversation": "id, contact_id, created_at, status, last_user_message_at, last_activity_at",
    "message": "id, conversation_id, webhook_id, account_id, kind, mid, role, author, type, text,"
    " created_at, sent_at, status, processed, because, redeliveries",
    "journey_step": "message_id, at, stage, outcome, detail",
    "feed": "kind, at, message_id",
}


class PlainMessage(NamedTuple):
    """The only message of a webhook, from a contact that never wrote before."""

    body: bytes
    received_at_us: int
    account_id: str
    psid: str
    mid: str
    text: str
    sent_at_us: int

    @classmethod
    def read(cls, body: bytes, received_at_us: int) -> Self:
        """Read a webhook of the benchmarks."""
        ((event,),) = (entry["messaging"] for entry in json.loads(body)["entry"])
        sender, recipient = event["sender"]["id"], event["recipient"]["id"]
        said, sent_at_us = event["message"], event["timestamp"] * 1000
        return cls(body, received_at_us, recipient, sender, said["mid"], said["text"], sent_at_us)


class PlainWriter:
    """Writes to one database with Moca's schema, indexes and pragmas, on the thread that made it.

    What it leaves out is all that Moca does besides: it only stores the first messages of unknown
    contacts, and nothing happens after the commit.
    """

    def __init__(self, path: Path) -> None:
        database: Any = open_database(f"sqlite:///{path}")
        migrate(database)
        # Peewee only opened the connection, with the same pragmas as for Moca.
        self._connection: sqlite3.Connection = database.connection()
        self._ids = count(1)

    def store(self, messages: Sequence[PlainMessage]) -> None:
        """Store the messages in one transaction.

        Raises:
            ValueError: If a contact or a message is already stored.
        """
        database = self._connection
        database.execute("BEGIN IMMEDIATE")
        self._require_unknown(_STORED_MESSAGES, [each.mid for each in messages])
        self._require_unknown(_STORED_CONTACTS, [each.psid for each in messages])
        rows: dict[str, list[Row]] = {table: [] for table in _COLUMNS}
        for number, message in zip(self._ids, messages, strict=False):
            for table, row in _rows(number, message):
                rows[table].append(row)
        for table, columns in _COLUMNS.items():
            places = ", ".join("?" * (columns.count(",") + 1))
            sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"
            database.executemany(sql, rows[table])
        database.execute("COMMIT")

    def _require_unknown(self, sql: str, values: list[str]) -> None:
        if self._connection.execute(sql, (json.dumps(values),)).fetchone():
            self._connection.execute("ROLLBACK")
            raise ValueError("a contact writes twice, or a message came twice")


def _rows(number: int, of: PlainMessage) -> Iterator[tuple[str, Row]]:
    # The tables begin empty and have one row of each message, which so has one number in all.
    at, account_id = of.received_at_us, of.account_id
    packed = b"\0" + zlib.compress(of.body, 1)
    due_at = at + _PROFILE_DUE_AFTER_US
    yield "webhook", (number, at, packed)
    yield "contact", (number, account_id, of.psid, at, due_at, at, of.sent_at_us, 1)
    yield "conversation", (number, number, at, "open", at, at)
    message = number, number, number, account_id, "message", of.mid, "user", "contact", "text"
    yield "message", (*message, of.text, at, of.sent_at_us, "received", False, "", 0)
    yield "journey_step", (number, at, "reception", "received", BY_ITS_TIMESTAMP)
    yield "journey_step", (number, at, "storage", "stored", "")
    yield "feed", ("message.received", at, number)
