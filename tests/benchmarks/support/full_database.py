"""A database as after a year of service, filled by SQL."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import peewee

from moca.core.messages.housekeeping import IndexWords, WordsIndexed
from moca.settings.sections import SANDBOX_ACCOUNT_ID
from moca.storage.writer import Writer, WriterPolicy
from tests.benchmarks.support.engine import database_in
from tests.support.databases import run_sql

SMALL_ACCOUNT = "17841400000000002"
"""Has one conversation in a thousand."""
IN_ONE_STEP = 200_000
_INDEXED_AT_ONCE = 2_000
_ALL_INDEXED = WordsIndexed(has_more=False, percent=100)
_YEAR = 365 * 86_400 * 1_000_000
_EXCHANGE = f"""CREATE TEMP TABLE "exchange" AS
WITH RECURSIVE n(e) AS (SELECT :first UNION ALL SELECT e + 1 FROM n WHERE e < :last)
SELECT e, CASE WHEN e % 100 = 0 THEN 1 ELSE e % :contacts + 1 END AS c,
    :since + CAST({_YEAR} * (e * 1.0 / :exchanges) AS INTEGER) AS at,
    'aWdfZG06' || hex(randomblob(70)) AS mid, 'aWdfZG06' || hex(randomblob(70)) AS ours,
    CASE e % 1000 WHEN 0 THEN 'failed' ELSE 'sent' END AS status
FROM n"""
_ACCOUNT = f"CASE WHEN c % 1000 = 2 THEN '{SMALL_ACCOUNT}' ELSE '{SANDBOX_ACCOUNT_ID}' END"
_TEXT = "'Where is my order ' || e || '? I paid on Monday and heard nothing since'"
_BODY = f"""'{{"object":"instagram","entry":[{{"id":"' || {_ACCOUNT} || '","time":'
    || (at / 1000) || ',"messaging":[{{"sender":{{"id":"' || (10000000000 + c)
    || '"}},"recipient":{{"id":"' || {_ACCOUNT} || '"}},"timestamp":' || (at / 1000)
    || ',"message":{{"mid":"' || mid || '","text":"' || {_TEXT} || '"}}}}]}}]}}'"""
_STEPS = (
    ("e * 2 - 1", 0, "reception", "accepted", "signature verified"),
    ("e * 2 - 1", 0, "storage", "stored", "new message of a known contact"),
    ("e * 2 - 1", 5, "debounce", "passed", "1 message gathered in 5 s"),
    ("e * 2 - 1", 6, "outcome", "answered", "by one reply"),
    ("e * 2", 5, "queue", "queued", "normal priority, at once"),
    ("e * 2", 6, "sending", "sending", "attempt 1 of 5"),
)
_WRITES = (
    f"""INSERT INTO webhook (id, received_at, body)
    SELECT e, at, CAST({_BODY} AS BLOB) FROM exchange""",
    f"""INSERT INTO message (id, conversation_id, webhook_id, account_id, kind, mid, role, author,
    type, text, created_at, status, processed, outcome, because, reply_id, redeliveries)
    SELECT e * 2 - 1, c, e, {_ACCOUNT}, 'message', mid, 'user', 'contact', 'text', {_TEXT}, at,
    'received', 1, 'answered', 'by one reply', e * 2, 0 FROM exchange""",
    f"""INSERT INTO message (id, conversation_id, account_id, kind, mid, role, author, type, text,
    created_at, sent_at, status, processed, because, redeliveries)
    SELECT e * 2, c, {_ACCOUNT}, 'message', ours, 'assistant', 'bot', 'text',
    'It left us yesterday and is with you on Friday', at + 5000000, at + 6000000, status, 1, '', 0
    FROM exchange""",
    """INSERT INTO queue_item (id, message_id, conversation_id, priority, status, scheduled_for,
    attempts, because, created_at, sending_at, sent_at)
    SELECT e, e * 2, c, 1, status, at + 5000000, 1, '', at + 5000000, at + 6000000, at + 6000000
    FROM exchange""",
    *(
        f"""INSERT INTO journey_step (message_id, at, stage, outcome, detail)
        SELECT {message}, at + {seconds}000000, '{stage}', '{outcome}', '{detail}' FROM exchange"""
        for message, seconds, stage, outcome, detail in _STEPS
    ),
)
_NUMBERS = "WITH RECURSIVE n(c) AS (SELECT 1 UNION ALL SELECT c + 1 FROM n WHERE c < :contacts)"
_CONTACTS = f"""{_NUMBERS} INSERT INTO contact
    (id, account_id, psid, name, created_at, last_seen_at, window_opened_at, message_count)
    SELECT c, {_ACCOUNT}, 10000000000 + c, 'Ada ' || c, :since, :since + {_YEAR},
    :since + {_YEAR}, 1 FROM n"""
_CONVERSATIONS = f"""{_NUMBERS} INSERT INTO conversation (id, contact_id, status, created_at,
    last_user_message_at, last_bot_message_at, last_activity_at, needs_reply_since)
    SELECT c, c, CASE WHEN c % 50 = 3 THEN 'closed' WHEN c % 1000 = 5 THEN 'human'
    WHEN c % 1000 = 7 THEN 'paused' ELSE 'open' END, :since, at, at + 6000000, at + 6000000,
    CASE WHEN c % 1000 = 5 THEN at ELSE NULL END
    FROM (SELECT c, :since + {_YEAR} - (:contacts - c) * 3000000 AS at FROM n)"""
_COUNTS = """INSERT INTO queue_count (status, shard, items)
    SELECT status, 0, COUNT(*) FROM queue_item GROUP BY status"""
_SEEN = """UPDATE arrival_count SET counted_id = (SELECT MAX(id) FROM message),
    seen_id = (SELECT MAX(id) FROM message)"""


def fill(folder: Path, contacts: int, messages: int) -> None:
    """Fill a database with messages and as many replies, bodies, journeys and queue items.

    One contact has a hundredth of all messages. Memory use does not depend on the number; ten
    million messages take some minutes and 11 GB of disk, their words as long again and 2 GB.
    """
    database, exchanges = database_in(folder), messages // 2
    named = {"contacts": contacts, "exchanges": exchanges}
    named["since"] = int(time.time() * 1_000_000) - _YEAR
    with database.connection_context(), _in_bulk(database):
        for sql in (_CONTACTS, _CONVERSATIONS):
            run_sql(database, sql, named)
        for first in range(1, exchanges + 1, IN_ONE_STEP):
            last = min(first + IN_ONE_STEP - 1, exchanges)
            with database.atomic():
                run_sql(database, _EXCHANGE, {**named, "first": first, "last": last})
                for sql in _WRITES:
                    run_sql(database, sql)
                run_sql(database, "DROP TABLE exchange")
        for sql in (_COUNTS, _SEEN):
            run_sql(database, sql)
    index_all(database)


def index_all(database: peewee.Database) -> None:
    """Make all messages searchable, as they are after a year."""
    writer = Writer(database, WriterPolicy())
    while _ALL_INDEXED not in writer.apply([IndexWords(_INDEXED_AT_ONCE)]).events:
        pass
    writer.close()


@contextmanager
def _in_bulk(database: peewee.Database) -> Iterator[None]:
    for pragma in ("synchronous = off", "foreign_keys = off", "temp_store = file"):
        run_sql(database, f"PRAGMA {pragma}")
    kept = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
    late = list(run_sql(database, f"{kept} AND sql IS NOT NULL"))
    for kind, name, _sql in late:
        run_sql(database, f'DROP {kind} "{name}"')
    yield
    for _kind, _name, sql in late:
        run_sql(database, sql)
