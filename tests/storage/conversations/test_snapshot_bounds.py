"""How much of the past a conversation loads."""

from dataclasses import replace

import peewee
import pytest

from moca.core.conversation.snapshot import Snapshot
from moca.core.messages.conversation import ConversationLoaded, LoadConversation
from moca.core.messages.replies import ConcludeMessages
from moca.core.policy import ConversationPolicy, same_for_all
from moca.core.types import Author, Outcome
from tests.storage.desk import POLICY, Desk
from tests.support.databases import query_plan, recorded_sql
from tests.support.factory import ANNA, at
from tests.support.values import only, present

HOUR = 3600


def _snapshot(desk: Desk, seconds: float) -> Snapshot:
    loaded = only(desk.do(LoadConversation(ANNA, at(seconds))), ConversationLoaded)
    return present(loaded.snapshot)


def test_no_more_of_the_bots_messages_are_loaded_than_an_hour_allows(
    database: peewee.Database,
) -> None:
    desk = Desk(
        database, replace(POLICY, policy_of=same_for_all(ConversationPolicy(replies_per_hour=2)))
    )
    desk.receive("m1")
    for number in range(4):
        desk.send(desk.queue(seconds=number), f"r{number}", 100 + number)
    desk.send(desk.queue(author=Author.OPERATOR, seconds=9), "r9", 110)

    assert _snapshot(desk, 200).recent_replies == (at(102), at(103))
    assert _snapshot(desk, HOUR + 102).recent_replies == (at(103),)


def test_what_was_said_later_than_now_is_not_remembered(desk: Desk) -> None:
    first = desk.receive("m1", "hello", seconds=5)
    desk.do(ConcludeMessages((first,), Outcome.FAILED, "no reply", at(6)))

    assert [_snapshot(desk, seconds).remembered != () for seconds in (4, 7, 20)] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_items_are_looked_up_by_conversation_however_many_are_pending(
    desk: Desk, database: peewee.Database
) -> None:
    desk.receive("m1")
    desk.queue()
    with recorded_sql(database) as statements:
        _snapshot(desk, 7)
    steps = [
        step
        for sql, params in statements
        if sql.startswith("SELECT") and '"queue_item"' in sql
        for step in query_plan(database, sql, params)
    ]
    assert [step.partition("INDEX ")[2] for step in steps if "queue_item_" in step] == [
        "queue_item_under_way (conversation_id=?)",
        "queue_item_held (conversation_id=?)",
    ]
