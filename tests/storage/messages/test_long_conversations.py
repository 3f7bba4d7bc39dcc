"""What a talk of years costs the only writer, in steps of SQLite's machine: no clock tells."""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from moca.core.messages.conversation import LoadConversation
from moca.core.messages.housekeeping import KeepHouse
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Message, QueueItem
from moca.storage.queries.journeys import read_journey
from tests.storage.desk import echoed, webhook
from tests.support.databases import copy_migrated
from tests.support.factory import ANNA, at

YEARS = 3_000
A_DAY = timedelta(days=1)
_STEPS_AT_A_TIME = 100


@pytest.fixture
def address(tmp_path):
    """Of SQLite alone: it counts its steps."""
    return copy_migrated(tmp_path)


def talk(desk, database, exchanges):
    """Let a contact write and be answered so often, long ago."""
    desk.hear("m")
    desk.send(desk.queue(Message.get().id))
    question, answer = Message.select().order_by(Message.id).dicts()
    item = QueueItem.select().dicts().get()
    question, answer, item = (
        {name: value for name, value in row.items() if name != "id"}
        for row in (question, answer, item)
    )
    long_ago = {"created_at": at(0) - A_DAY, "sent_at": at(0) - A_DAY}
    with database.atomic():
        for number in range(exchanges):
            Message.insert({**question, **long_ago, "mid": f"q{number}", "reply": None}).execute()
            answered = Message.insert({**answer, **long_ago, "mid": f"a{number}"}).execute()
            QueueItem.insert({**item, **long_ago, "message": answered}).execute()


def steps_of(database, do):
    counted = []
    connection = database.connection()
    connection.set_progress_handler(lambda: counted.append(1), _STEPS_AT_A_TIME)
    do()
    connection.set_progress_handler(None, 0)
    return len(counted) * _STEPS_AT_A_TIME


TAKES_OVER = ChangeConversation(1, ConversationStatus.HUMAN, at(20), receipt=Future())


@pytest.mark.parametrize(
    "do",
    [
        pytest.param(lambda desk: desk.do(LoadConversation(ANNA, at(9))), id="waking it"),
        pytest.param(lambda desk: desk.do(webhook(echoed("e", "by hand"))), id="a person writes"),
        pytest.param(lambda desk: desk.do(TAKES_OVER), id="a person takes over"),
        pytest.param(lambda desk: desk.do(KeepHouse(at(20), at(0) - 2 * A_DAY, 9)), id="sweeping"),
        pytest.param(lambda _: read_journey("m"), id="telling why"),
    ],
)
def test_a_talk_of_years_costs_hardly_more_than_a_short_one(desk, database, do):
    talk(desk, database, YEARS)
    assert steps_of(database, lambda: do(desk)) < 2 * YEARS
