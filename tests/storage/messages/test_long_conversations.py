"""The writer's cost of a conversation of years, in steps of SQLite's virtual machine."""

import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import peewee
import pytest

from moca.core.messages.conversation import LoadConversation
from moca.core.messages.housekeeping import ApplyRetention
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.types import ConversationStatus
from moca.storage.db.connection import truncate_log
from moca.storage.db.rows import read_dicts
from moca.storage.db.tables import Message, QueueItem
from moca.storage.queries.journeys import read_journey
from tests.storage.desk import Desk, echoed, webhook
from tests.support.databases import open_migrated
from tests.support.factory import ANNA, at

YEARS = 3_000
A_DAY = timedelta(days=1)
_STEPS_AT_A_TIME = 100


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database that holds a conversation of years."""
    path = tmp_path_factory.mktemp("years")
    database = open_migrated(path)
    talk(Desk(database), database, YEARS)
    truncate_log(database)
    database.close()
    return path / "moca.db"


@pytest.fixture
def address(tmp_path: Path, years: Path) -> str:
    """SQLite only, because it counts its steps."""
    shutil.copy(years, tmp_path / "moca.db")
    return f"sqlite:///{tmp_path}/moca.db"


def talk(desk: Desk, database: peewee.Database, exchanges: int) -> None:
    """Store many old exchanges with a contact."""
    desk.receive("m")
    desk.send(desk.queue(Message.get().id))
    messages, items = (
        read_dicts(table.select().order_by(table.id)) for table in (Message, QueueItem)
    )
    question, answer, item = (
        {name: value for name, value in row.items() if name != "id"} for row in (*messages, *items)
    )
    long_ago = {"created_at": at(0) - A_DAY, "sent_at": at(0) - A_DAY}
    with database.atomic():
        for number in range(exchanges):
            Message.insert({**question, **long_ago, "mid": f"q{number}", "reply": None}).execute()
            answered = Message.insert({**answer, **long_ago, "mid": f"a{number}"}).execute()
            QueueItem.insert({**item, **long_ago, "message": answered}).execute()


def steps_of(database: peewee.Database, do: Callable[[], object]) -> int:
    counted: list[int] = []
    connect: Callable[[], sqlite3.Connection] = database.connection
    connection = connect()
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
        pytest.param(
            lambda desk: desk.do(ApplyRetention(at(20), at(0) - 2 * A_DAY, 9)), id="sweeping"
        ),
        pytest.param(lambda _: read_journey("m"), id="telling why"),
    ],
)
def test_a_talk_of_years_costs_hardly_more_than_a_short_one(
    desk: Desk, database: peewee.Database, do: Callable[[Desk], object]
) -> None:
    assert steps_of(database, lambda: do(desk)) < 2 * YEARS
