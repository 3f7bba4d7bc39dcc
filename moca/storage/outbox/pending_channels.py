import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from moca.core.messages.delivery import FindPending
from moca.core.outbox.backlog import NOTHING, Turn, fill_windows, window_for
from moca.core.outbox.queued_reply import Channel, ReplyKind
from moca.storage.db.fields import InstantField
from moca.storage.db.statements import Selection
from moca.storage.db.tables import QueueItem
from moca.storage.outbox.items import OutboxItem, select_items

_AT_ONCE = '"status" = \'pending\' AND "scheduled_for" <= "created_at"'
_LATER = '"status" = \'pending\' AND "scheduled_for" > "created_at"'
# Jumps from one channel to the next by the index, however many rows lie in between.
_CHANNELS = """WITH RECURSIVE c(name) AS (
SELECT MIN("channel") FROM "queue_item" WHERE {where}
UNION ALL
SELECT (SELECT MIN("channel") FROM "queue_item" WHERE {where} AND "channel" > c.name)
FROM c WHERE c.name IS NOT NULL
) SELECT name FROM c WHERE name IS NOT NULL"""
_HEADS = """SELECT c.value, (SELECT {gather}({pair}("priority", "id")) FROM (
SELECT "priority", "id" FROM "queue_item" WHERE "channel" = c.value AND {at_once}
ORDER BY "priority", "id" LIMIT {mark}) AS head) FROM {each}"""
_DUE = """SELECT c.value, (SELECT {gather}({pair}("priority", "id")) FROM (
SELECT "priority", "id" FROM "queue_item" WHERE "channel" = c.value AND "priority" = p.value
AND {later} AND "scheduled_for" <= {mark}
ORDER BY "scheduled_for", "id" LIMIT {mark}) AS due)
FROM {each}, (SELECT 0 AS value UNION ALL SELECT 1 UNION ALL SELECT 2) AS p"""
_EARLIER = """SELECT item."id", earlier."id" FROM "queue_item" AS item, "queue_item" AS earlier
WHERE {chosen} AND earlier."conversation_id" = item."conversation_id"
AND earlier."status" IN ('pending', 'sending') AND earlier."status" = 'pending'
AND (earlier."channel" <> item."channel" OR earlier."scheduled_for" > earlier."created_at")
AND earlier."scheduled_for" <= {mark}
AND (earlier."priority" < item."priority"
OR (earlier."priority" = item."priority" AND earlier."id" < item."id"))"""
_SQLITE = {
    "gather": "json_group_array",
    "pair": "json_array",
    "each": "json_each(?) AS c",
    "chosen": 'item."id" IN (SELECT value FROM json_each(?))',
    "mark": "?",
}
_POSTGRESQL = {
    "gather": "json_agg",
    "pair": "json_build_array",
    "each": "json_array_elements_text(CAST(%s AS json)) AS c(value)",
    "chosen": 'item."id" IN (SELECT CAST(value AS bigint) FROM json_array_elements_text('
    "CAST(%s AS json)))",
    "mark": "%s",
}
_BY_ID = Selection(lambda: select_items().order_by(QueueItem.id), QueueItem.id)
_INSTANT = InstantField()
_MAX_READ = 50_000
"""How far a channel is searched for items that wait for none in another channel."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The first items of the channels that the sender asked for and does not hold in memory."""

    items: list[OutboxItem]
    ends: dict[Channel, Turn]
    """For channels with more items, the last turn of their window."""
    window: int


def read_windows(command: FindPending) -> Windows:
    """Read the first items of each channel by priority and age, an equal share of each.

    Items in memory are not read again. An item stays on disk, and takes nothing of the share, if an
    earlier reply to its contact is neither in memory nor read: it waits in another channel, or
    became due after more others than are read.
    """
    if command.only is None:
        names = _channels(_AT_ONCE) | _channels(_LATER)
    else:
        names = {
            Channel(account_id, kind).name for account_id in command.only for kind in ReplyKind
        }
    channels = {name: _channel(name) for name in names}
    left_out = {
        name
        for name, channel in channels.items()
        if channel in command.exhausted or channel.account_id in command.resting
    }
    chosen = sorted(names - left_out)
    window = command.limit if command.only else window_for(command.limit, len(chosen))
    accounts = Counter(channel.account_id for channel in channels.values())
    may_wait = any(channels_of_one > 1 for channels_of_one in accounts.values())
    turns, ends = _windows(chosen, window, command, may_wait=may_wait)
    new = {item_id for each in turns.values() for _, item_id in each} - command.held
    items = sorted(
        map(OutboxItem._make, _BY_ID.among(sorted(new))), key=lambda i: (i.priority, i.id)
    )
    return Windows(
        items,
        {channels[name]: NOTHING for name in left_out} | {channels[n]: e for n, e in ends.items()},
        window,
    )


def _windows(
    names: Sequence[str], window: int, command: FindPending, *, may_wait: bool
) -> tuple[dict[str, list[Turn]], dict[str, Turn]]:
    """Read the windows of these channels, and the last turns of those that have more.

    Args:
        names: The channels.
        window: The maximum for one channel.
        command: What the sender asked for.
        may_wait: Whether an item may wait for one to its contact in another channel.
    """
    turns, more, is_cut = _turns(names, window, command.due_before)
    limit = window
    while True:
        ids = {item_id for each in turns.values() for _, item_id in each}
        is_asked = may_wait or is_cut
        earlier = _earlier(ids - command.held, command.due_before) if is_asked else {}
        windows = fill_windows(turns, earlier, command.held, window)
        short = [name for name in more if len(windows[name]) < window]
        if not short or limit > _MAX_READ:
            break
        limit *= 2
        further, still_more, is_cut_again = _turns(short, limit, command.due_before)
        is_cut |= is_cut_again
        turns |= further
        more = more.difference(short) | still_more
    ends = {name: turns[name][-1] for name in more if len(windows[name]) < window}
    for name, filled in windows.items():
        if len(filled) == window and (name in more or filled[-1] < turns[name][-1]):
            ends[name] = filled[-1]
    return windows, ends


def _turns(
    names: Iterable[str], limit: int, due_before: datetime
) -> tuple[dict[str, list[Turn]], set[str], bool]:
    """Read the first turns of these channels, and which channels have more.

    Also return whether there are more than were read of those for later that have become due, which
    are read in the order in which they did.
    """
    found: dict[str, list[Turn]] = {name: [] for name in names}
    listed = json.dumps(list(found))
    # The limits precede the channels in both statements, so parameters are in this order.
    reads = (
        (_HEADS, (limit + 1, listed)),
        (_DUE, (_INSTANT.db_value(due_before), limit + 1, listed)),
    )
    more, is_cut = set(), False
    for sql, values in reads:
        for name, turns in _run(sql, *values):
            pairs = json.loads(turns) if isinstance(turns, str) else turns or []
            found[name] += [(priority, item_id) for priority, item_id in pairs]
            if len(pairs) > limit:
                more.add(name)
                is_cut |= sql is _DUE
    more |= {name for name, turns in found.items() if len(turns) > limit}
    return {name: sorted(turns)[:limit] for name, turns in found.items()}, more, is_cut


def _earlier(item_ids: Collection[int], due_before: datetime) -> dict[int, list[int]]:
    """Return the earlier items to an item's contact that may not be read, for those with any."""
    earlier: dict[int, list[int]] = {}
    if item_ids:
        pairs = _run(_EARLIER, json.dumps(sorted(item_ids)), _INSTANT.db_value(due_before))
        for item_id, earlier_id in pairs:
            earlier.setdefault(item_id, []).append(earlier_id)
    return earlier


def _channels(where: str) -> set[str]:
    return {name for (name,) in _run(_CHANNELS.replace("{where}", where))}


def _channel(name: str) -> Channel:
    return Channel.named(name)


def _run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    database = QueueItem._meta.database  # noqa: SLF001
    is_sqlite = isinstance(database, peewee.SqliteDatabase)
    dialect: Mapping[str, str] = _SQLITE if is_sqlite else _POSTGRESQL
    text = sql.format(at_once=_AT_ONCE, later=_LATER, **dialect)
    return list(database.execute_sql(text, values).fetchall())
