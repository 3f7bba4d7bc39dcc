from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from moca.core.reasons import Reason
from moca.core.types import Role
from moca.storage.db.fields import InstantField
from moca.storage.db.tables import Message

_MAX_REPLIES = 20_000
_MICROSECONDS = 1_000_000
HANDED_OVER_WITHIN = timedelta(days=1)
ASKED_AGAIN_WITHIN = timedelta(minutes=10)
_SQL = """
WITH "hit" AS (
  SELECT "id", "bot_version", "rule", "conversation_id", COALESCE("sent_at", "created_at") AS "at"
  FROM "message"
  WHERE "rule" IS NOT NULL AND "bot" = {p} AND "created_at" >= {p} AND "role" = {p}
    AND ("part_of_id" IS NULL OR "part_of_id" = "id")
  ORDER BY "created_at" DESC LIMIT {p}
)
SELECT "bot_version", "rule", COUNT(*),
  SUM(CASE WHEN EXISTS (
      SELECT 1 FROM "message" AS "own" WHERE "own"."reply_id" = "hit"."id" AND "own"."reason" = {p}
    ) OR EXISTS (
      SELECT 1 FROM "message" AS "later" WHERE "later"."conversation_id" = "hit"."conversation_id"
        AND "later"."id" > "hit"."id" AND "later"."role" = {p} AND "later"."reason" = {p}
        AND "later"."created_at" <= "hit"."at" + {p}
    ) THEN 1 ELSE 0 END),
  SUM(CASE WHEN EXISTS (
      SELECT 1 FROM "message" AS "again" WHERE "again"."conversation_id" = "hit"."conversation_id"
        AND "again"."id" > "hit"."id" AND "again"."role" = {p}
        AND "again"."created_at" > "hit"."at" AND "again"."created_at" <= "hit"."at" + {p}
    ) THEN 1 ELSE 0 END)
FROM "hit" GROUP BY "bot_version", "rule"
"""


class RuleCount(NamedTuple):
    """How often a rule replied, and what became of it."""

    hits: int
    handed_over: int
    """Replies with or after which the conversation was handed over within a day."""
    asked_again: int
    """Replies after which the contact wrote again within ten minutes."""


def count_rules(bot: str, since: datetime) -> Mapping[int | None, Mapping[str, RuleCount]]:
    """Return the counts of a bot's replies since an instant, by version and rule.

    Of a very busy bot only the latest replies are counted.
    """
    user, reason = Role.USER.value, Reason.HANDED_OVER.value
    handed_over, again = map(_microseconds, (HANDED_OVER_WITHIN, ASKED_AGAIN_WITHIN))
    chosen = (bot, InstantField().db_value(since), Role.ASSISTANT.value, _MAX_REPLIES)
    database = Message._meta.database  # noqa: SLF001
    rows = database.execute_sql(
        _SQL.format(p=database.param), (*chosen, reason, user, reason, handed_over, user, again)
    )
    counts: dict[int | None, dict[str, RuleCount]] = defaultdict(dict)
    for version, rule, *numbers in rows:
        counts[version][rule] = RuleCount(*map(int, numbers))
    return counts


def _microseconds(length: timedelta) -> int:
    return int(length.total_seconds() * _MICROSECONDS)
