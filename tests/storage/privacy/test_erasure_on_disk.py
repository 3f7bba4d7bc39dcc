"""Erased text is in no file of the database any more, including free pages and the log."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from moca.core.content.search_words import search_terms
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.messages.operator_actions import EraseContact, ErasureRequest
from moca.core.types import ContactKey
from moca.storage.db.connection import truncate_log
from moca.storage.db.tables import Contact, Message
from moca.storage.queries.contacts import DeletionRecord, find_deletion
from moca.storage.search import purge
from moca.storage.search.lookup import ids_with
from tests.storage.desk import Desk, webhook, wrote
from tests.storage.privacy.test_privacy import body_of, keep
from tests.storage.search.words import index_all
from tests.support.databases import open_migrated
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import present

SECRET = "a-text-that-is-to-be-erased"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "moca.db"


@pytest.fixture
def desk(tmp_path: Path, path: Path) -> Iterator[Desk]:
    database = open_migrated(tmp_path)
    assert database.database == str(path)
    with database.connection_context():
        yield Desk(database)


def traces(path: Path, *words: str) -> set[str]:
    """Return the files of the database that contain a word."""
    files = [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))]
    return {each.name for each in files for word in words if word.encode() in each.read_bytes()}


def test_nothing_is_left_on_the_disk_once_an_erasure_is_complete(desk: Desk, path: Path) -> None:
    desk.do(webhook(wrote("m1", SECRET), body=body_of(ANNA, SECRET)))
    desk.queue(Message.get().id)
    desk.do(webhook(wrote("m2", contact=BEN), body=body_of(BEN)))
    request = ErasureRequest("the-code", at(50))
    told = desk.do(EraseContact(ANNA, NOON, receipt=Future(), request=request))
    assert told[-1] == RetentionApplied(has_more=True)
    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), None)
    assert traces(path, SECRET, ANNA.psid) != set()
    keep(desk)
    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), at(100))
    assert traces(path, SECRET, ANNA.psid) == set()
    assert traces(path, BEN.psid) == {"moca.db"}


def test_an_erasure_is_not_complete_while_a_reader_holds_the_log(desk: Desk, path: Path) -> None:
    desk.do(webhook(wrote("m1", SECRET), body=body_of(ANNA, SECRET)))
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchall()
    desk.do(EraseContact(ANNA, NOON, receipt=Future(), request=ErasureRequest("the-code", at(50))))
    for _ in range(3):
        assert desk.do(ApplyRetention(at(60), None, 500)) == (RetentionApplied(has_more=True),)
    assert present(find_deletion("the-code")).completed_at is None
    reader.close()
    keep(desk)
    assert present(find_deletion("the-code")).completed_at == at(100)
    assert traces(path, SECRET, ANNA.psid) == set()


WORDS = ("unmistakable", "erasable")


def indexed(desk: Desk, path: Path) -> set[str]:
    """Index what Anna and many others wrote, and return the words of hers that are on the disk."""
    desk.do(webhook(wrote("m1", " ".join(WORDS)), body=body_of(ANNA)))
    Contact.update(name=WORDS[1]).execute()
    for number in range(50):
        contact = ContactKey(BEN.account_id, f"9{number:06}")
        desk.do(webhook(wrote(f"n{number}", f"hello un{number} er{number}", contact)))
        index_all(desk)
    return {word for word in WORDS if traces(path, word)}


def test_no_word_of_an_erased_contact_is_left_in_the_search_index(desk: Desk, path: Path) -> None:
    assert indexed(desk, path) == set(WORDS)
    desk.do(EraseContact(ANNA, NOON, receipt=Future(), request=ErasureRequest("the-code", at(50))))
    keep(desk)

    assert find_deletion("the-code") == DeletionRecord("the-code", at(50), at(100))
    assert traces(path, *WORDS) == set()
    assert len(ids_with("message", search_terms("hello"), limit=99)) == 50


def test_an_erasure_is_not_complete_while_the_search_index_holds_a_word(
    desk: Desk, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "_PAGES", 1)
    indexed(desk, path)
    desk.do(EraseContact(ANNA, NOON, receipt=Future(), request=ErasureRequest("the-code", at(50))))
    while find_deletion("the-code") == DeletionRecord("the-code", at(50), None):
        assert desk.do(ApplyRetention(at(60), None, 500)) == (RetentionApplied(has_more=True),)

    assert traces(path, *WORDS) == set()


def test_what_an_operator_erases_and_what_is_unsent_leave_the_search_index_at_once(
    desk: Desk, path: Path
) -> None:
    indexed(desk, path)
    keep(desk, seconds=60)
    desk.do(EraseContact(ANNA, NOON), ApplyRetention(at(70), None, 500))
    keep(desk, seconds=80)
    truncate_log(desk._database)

    assert traces(path, *WORDS) == set()


def test_what_is_deleted_by_age_leaves_the_search_index_within_the_hour(
    desk: Desk, path: Path
) -> None:
    indexed(desk, path)
    left = []
    for seconds in (60, 120, 3_700):
        Message.delete().where(Message.mid << ["m1", "m2"]).execute()
        keep(desk, seconds=seconds)
        truncate_log(desk._database)
        left.append(bool(traces(path, WORDS[0])))
        if seconds == 60:
            desk.receive("m2", WORDS[0], 61, BEN)
            index_all(desk)

    assert left == [False, True, False]
