import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from moca.core.types import ContactKey
from moca.storage.db.fields import CompressedField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_HEARD_WITHIN_US = 1_000_000
"""How long the sender may take to hear of a released reply, in microseconds."""

_ITEMS = """
    SELECT q.id, q.status, q.priority, q.attempts, q.scheduled_for, q.created_at, q.sending_at,
           q.sent_at, q.because, q.reason, q.parting, q.release_at, q.channel,
           k.opted_out_at, k.window_opened_at,
           m.id AS message_id, m.author, m.kind, m.text, m.content, m.mid, m.conversation_id,
           m.comment_id, m.part_of_id,
           c.status AS conversation_status, c.held_until, k.account_id, k.psid
    FROM queue_item q JOIN message m ON m.id = q.message_id
    JOIN conversation c ON c.id = q.conversation_id JOIN contact k ON k.id = c.contact_id
"""
_MESSAGES = """
    SELECT m.*, k.psid FROM message m JOIN conversation c ON c.id = m.conversation_id
    JOIN contact k ON k.id = c.contact_id
"""

_UNFINISHED = (
    "message WHERE role = 'user' AND outcome IS NULL",
    "queue_item WHERE status IN ('held', 'pending', 'sending', 'unknown')",
    "scrub",
    "deletion_request WHERE completed_at IS NULL",
    "upload WHERE message_id IS NULL",
    "event WHERE look_at IS NOT NULL",
)

Row = dict[str, Any]


class Ledger:
    """Reads what is committed, by a connection that is none of Moca's."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def items(self, where: str = "1", *values: object) -> list[Row]:
        return self._rows(f"{_ITEMS} WHERE {where} ORDER BY q.id", values)

    def bot_items_before(self, item: Row) -> list[Row]:
        """List what the bot has queued for the same contact before an item and is not settled.

        What was held until the item was claimed came to the queue after it; so may what was
        released directly before, as the sender then has yet to hear of it.
        """
        return self.items(
            "q.id < ? AND k.psid = ? AND k.account_id = ? AND m.author = 'bot' "
            "AND q.status IN ('pending', 'sending', 'unknown') AND (q.attempts > 0 "
            "OR q.scheduled_for = q.created_at OR q.scheduled_for < ?)",
            item["id"],
            item["psid"],
            item["account_id"],
            item["sending_at"] - _HEARD_WITHIN_US,
        )

    def messages(self, where: str = "1", *values: object) -> list[Row]:
        return self._rows(f"{_MESSAGES} WHERE {where} ORDER BY m.id", values)

    def conversations(self) -> list[Row]:
        return self._rows("SELECT * FROM conversation ORDER BY id", ())

    def waiting_messages(self) -> list[Row]:
        """List what people wrote and has neither an outcome nor a reply that is held."""
        return self._rows(
            "SELECT m.id, m.mid, m.kind, m.type, k.account_id, k.psid FROM message m "
            "JOIN conversation c ON c.id = m.conversation_id JOIN contact k ON k.id = c.contact_id "
            "LEFT JOIN message r ON r.id = m.reply_id WHERE m.role = 'user' "
            "AND m.outcome IS NULL AND (r.status IS NULL OR r.status <> 'held') ORDER BY m.id",
            (),
        )

    def steps(self, where: str = "1", *values: object) -> list[Row]:
        return self._rows(f"SELECT * FROM journey_step WHERE {where} ORDER BY id", values)

    def done_bodies(self) -> list[Row]:
        """List the webhook bodies whose messages all have an outcome, and since when."""
        return self._rows(
            "SELECT w.id, COALESCE(MAX(s.at), MAX(m.created_at)) AS ended_at FROM webhook w "
            "JOIN message m ON m.webhook_id = w.id LEFT JOIN journey_step s ON s.message_id = m.id "
            "WHERE m.role = 'user' GROUP BY w.id HAVING COUNT(m.outcome) = COUNT(m.id)",
            (),
        )

    def flushed_at(self, contact: ContactKey) -> datetime:
        """Return when a contact's messages were last flushed; long ago if they never were."""
        at = self.count(
            "SELECT COALESCE(MAX(s.at), 0) FROM journey_step s JOIN message m "
            "ON m.id = s.message_id JOIN conversation c ON c.id = m.conversation_id "
            "JOIN contact k ON k.id = c.contact_id "
            "WHERE s.outcome = 'flushed' AND k.psid = ? AND k.account_id = ?",
            contact.psid,
            contact.account_id,
        )
        return instant(at)

    def has_unfinished(self) -> bool:
        """Return whether there is a row that waits for anything."""
        counts = (f"SELECT EXISTS (SELECT 1 FROM {each})" for each in _UNFINISHED)
        return any(map(self.count, counts))

    def feed(self, after: int) -> list[Row]:
        """List the feed's events after an id, each with the contact that it says is erased."""
        return self._rows(
            "SELECT id, kind, message_id, json_extract(detail, '$.contact_id') AS contact_id "
            "FROM feed WHERE id > ? ORDER BY id",
            (after,),
        )

    def missing_contact_ids(self) -> list[int]:
        """List the ids of contacts that were stored once and are not any more."""
        last = self.count("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name='contact'")
        stored = {row["id"] for row in self._rows("SELECT id FROM contact", ())}
        return [each for each in range(1, last + 1) if each not in stored]

    def uploads(self, token: str) -> list[Row]:
        """List the upload at an address, with the status of what sends it."""
        return self._rows(
            "SELECT u.file, u.message_id, q.status FROM upload u "
            "LEFT JOIN queue_item q ON q.message_id = u.message_id WHERE u.token = ?",
            (token,),
        )

    def subscribers(self) -> list[Row]:
        return self._rows("SELECT * FROM subscriber ORDER BY id", ())

    def deliveries(self, where: str, *values: object) -> list[Row]:
        return self._rows(f"SELECT * FROM feed_delivery WHERE {where} ORDER BY id", values)

    def queued_pushes(self) -> list[Row]:
        return self._rows("SELECT * FROM queued_push ORDER BY id", ())

    def has_push_targets(self) -> bool:
        return bool(self.count("SELECT EXISTS (SELECT 1 FROM push_target)"))

    def push_targets(self, conversation_id: int) -> list[int]:
        """List the browsers that hear of a conversation: its assignee's, or all who may see it."""
        rows = self._rows(
            "SELECT t.id FROM push_target t JOIN login l ON l.id = t.login_id "
            "JOIN conversation c ON c.id = ? JOIN contact k ON k.id = c.contact_id "
            "WHERE l.operator_id = COALESCE(c.assignee_id, l.operator_id) AND "
            "k.account_id IN (SELECT account_id FROM operator_account a "
            "WHERE a.operator_id = l.operator_id UNION SELECT k.account_id WHERE NOT EXISTS "
            "(SELECT 1 FROM operator_account a WHERE a.operator_id = l.operator_id)) ORDER BY t.id",
            (conversation_id,),
        )
        return [row["id"] for row in rows]

    def has_conversation(self, conversation_id: int) -> bool:
        return bool(self.count("SELECT COUNT(*) FROM conversation WHERE id = ?", conversation_id))

    def last_step_id(self) -> int:
        return self.count("SELECT COALESCE(MAX(id), 0) FROM journey_step")

    def conversation(self, contact: ContactKey) -> Row | None:
        """Return a contact's newest conversation."""
        rows = self._rows(
            "SELECT c.* FROM conversation c JOIN contact k ON k.id = c.contact_id "
            "WHERE k.psid = ? AND k.account_id = ? ORDER BY c.id DESC LIMIT 1",
            (contact.psid, contact.account_id),
        )
        return rows[0] if rows else None

    def labels(self) -> list[Row]:
        """List the labels of conversations, each with its conversation's latest activity."""
        return self._rows(
            "SELECT l.*, c.last_activity_at AS active_at FROM conversation_label l "
            "LEFT JOIN conversation c ON c.id = l.conversation_id",
            (),
        )

    def searchable_words(self) -> list[str]:
        """List the words in the index of messages."""
        self._connection.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary "
            "USING fts5vocab('main', 'message_words', 'row')"
        )
        return [row["term"] for row in self._rows("SELECT term FROM vocabulary", ())]

    def found_by(self, word: str) -> list[int]:
        """List the ids of the messages that a search for a word finds."""
        sql = "SELECT rowid FROM message_words WHERE message_words MATCH ? ORDER BY rowid"
        return [row["rowid"] for row in self._rows(sql, (f'"{word}"',))]

    def report_counts(self) -> dict[str, int]:
        """Return how often reports counted each measure."""
        sql = "SELECT measure, SUM(count) AS number FROM report_hour GROUP BY measure"
        return Counter({row["measure"]: row["number"] for row in self._rows(sql, ())})

    def dump(self) -> str:
        """Return all that is stored, as text."""
        bodies = (body.decode(errors="replace") for body in self.bodies())
        return "\n".join((*self._connection.iterdump(), *bodies))

    def bodies(self) -> list[bytes]:
        """List the webhooks as they are kept."""
        rows = self._rows("SELECT body FROM webhook", ())
        return [CompressedField().python_value(row["body"]) for row in rows]

    def edits(self) -> list[tuple[str, str]]:
        """List of which messages edits are kept, and what is kept of them."""
        rows = self._rows("SELECT mid, detail FROM event WHERE kind = 'edit'", ())
        return [(row["mid"], row["detail"]) for row in rows]

    def told_at(self, key: str) -> datetime | None:
        """Return when an event was first stored; None if it was not."""
        rows = self._rows("SELECT at FROM event WHERE key = ?", (key,))
        return instant(rows[0]["at"]) if rows else None

    def epochs(self) -> dict[str, int]:
        """Return the epoch of each seat of a cluster."""
        return {row["name"]: row["epoch"] for row in self._rows("SELECT * FROM seat", ())}

    def count(self, sql: str, *values: object) -> int:
        found: int = self._connection.execute(sql, values).fetchone()[0]
        return found

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[Row]:
        cursor = self._connection.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def instant(microseconds: int) -> datetime:
    """Read an instant as it is stored."""
    return _EPOCH + timedelta(microseconds=microseconds)


def stored(at: datetime) -> int:
    """Write an instant as it is stored."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def contact_of(row: Row) -> ContactKey:
    return ContactKey(row["account_id"], row["psid"])
