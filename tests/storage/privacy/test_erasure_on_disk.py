"""Erased is what stands in no file of the database any more, free pages and log among them."""

import sqlite3
from concurrent.futures import Future

import pytest

from moca.core.messages.housekeeping import HouseKept, KeepHouse
from moca.core.messages.operator_actions import EraseContact, ErasureRequest
from moca.storage.db.tables import Message
from moca.storage.queries.contacts import DeletionRecord, find_deletion
from tests.storage.desk import Desk, webhook, wrote
from tests.storage.privacy.test_privacy import body_of, keep
from tests.support.databases import open_migrated
from tests.support.factory import ANNA, BEN, at

SECRET = "a-text-that-is-to-be-erased"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "moca.db"


@pytest.fixture
def desk(tmp_path, path):
    database = open_migrated(tmp_path)
    assert database.database == str(path)
    with database.connection_context():
        yield Desk(database)


def traces(path, *words):
    """Give the files of the database in which a word stands."""
    files = [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))]
    return {each.name for each in files for word in words if word.encode() in each.read_bytes()}


def test_nothing_is_left_on_the_disk_once_an_erasure_is_complete(desk, path):
    desk.do(webhook(wrote("m1", SECRET), body=body_of(ANNA, SECRET)))
    desk.queue(Message.get().id)
    desk.do(webhook(wrote("m2", contact=BEN), body=body_of(BEN)))
    request = ErasureRequest("the-code", at(50))
    told = desk.do(EraseContact(ANNA, Future(), request))
    assert told[-1] == HouseKept(has_more=True)
    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), None)
    assert traces(path, SECRET, ANNA.psid) != set()
    keep(desk)
    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), at(100))
    assert traces(path, SECRET, ANNA.psid) == set()
    assert traces(path, BEN.psid) == {"moca.db"}


def test_an_erasure_is_not_complete_while_a_reader_holds_the_log(desk, path):
    desk.do(webhook(wrote("m1", SECRET), body=body_of(ANNA, SECRET)))
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchall()
    desk.do(EraseContact(ANNA, Future(), ErasureRequest("the-code", at(50))))
    for _ in range(3):
        assert desk.do(KeepHouse(at(60), None, 500)) == (HouseKept(has_more=True),)
    assert find_deletion("the-code").completed_at is None
    reader.close()
    keep(desk)
    assert find_deletion("the-code").completed_at == at(100)
    assert traces(path, SECRET, ANNA.psid) == set()
