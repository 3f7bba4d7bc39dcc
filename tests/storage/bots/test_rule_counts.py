"""Replies are counted by rule and version, with what became of them."""

from typing import Any

import peewee

from moca.storage.db.tables import Conversation, Message
from moca.storage.queries.team.rule_counts import RuleCount, count_rules
from tests.support.databases import query_plan, recorded_sql
from tests.web.rows import a_contact, a_conversation, a_question, a_reply, after

DAY = 24 * 60 * 60


def hit(
    conversation: Conversation,
    seconds: float = 5,
    rule: str = "price",
    version: int = 2,
    bot: str = "shop",
    **columns: Any,
) -> Message:
    return a_reply(
        conversation,
        status="sent",
        rule=rule,
        generator="rules",
        bot=bot,
        bot_version=version,
        created_at=after(seconds),
        sent_at=after(seconds + 5),
        **columns,
    )


def asks(conversation: Conversation, seconds: float, mid: str, **columns: Any) -> Message:
    return a_question(conversation, mid=mid, created_at=after(seconds), **columns)


def test_replies_hand_overs_and_questions_again_are_counted_by_version_and_rule(
    database: peewee.Database,
) -> None:
    ada, ben, eve = (a_conversation(a_contact(psid)) for psid in ("700", "701", "702"))
    asks(ada, 0, "m1", reply=hit(ada))
    asks(ada, 600, "m2")
    asks(ada, 660, "m3", reply=hit(ada, 650))
    asks(ben, 0, "m4", reply=hit(ben))
    asks(ben, DAY, "m5", reason="handed_over")
    asks(eve, 0, "m6", reply=hit(eve, rule="person"), reason="handed_over")
    hit(eve, 90, version=1)
    hit(eve, 90, version=1, bot="other")
    a_reply(eve, generator="fixed", bot="shop", bot_version=2)

    assert count_rules("shop", after(0)) == {
        1: {"price": RuleCount(1, 0, 0)},
        2: {"price": RuleCount(3, 1, 2), "person": RuleCount(1, 1, 0)},
    }
    assert count_rules("shop", after(60)) == {
        1: {"price": RuleCount(1, 0, 0)},
        2: {"price": RuleCount(1, 0, 1)},
    }
    assert count_rules("none", after(0)) == {}


def test_a_reply_in_parts_is_counted_once(database: peewee.Database) -> None:
    conversation = a_conversation()
    first = hit(conversation)
    Message.update(part_of=first).where(Message.id == first.id).execute()
    hit(conversation, 6, part_of=first)

    assert count_rules("shop", after(0)) == {2: {"price": RuleCount(1, 0, 0)}}


def test_the_count_reads_just_what_rules_replied(database: peewee.Database) -> None:
    with recorded_sql(database) as statements:
        count_rules("shop", after(0))
    ((sql, params),) = statements
    if isinstance(database, peewee.SqliteDatabase):
        plan = str(query_plan(database, sql, params))
        assert "USING INDEX message_by_rule" in plan
        assert "SCAN message" not in plan
