"""A database that is read while Moca's tables are bound to another one."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import peewee
import pytest

from moca.core.inbound.events import InboundMessage
from moca.storage.db.connection import open_to_read
from moca.storage.db.tables import Contact, Conversation, Message, Webhook
from moca.storage.db.upgrade import open_for_a_while
from moca.storage.queries.replay import StoredBody, UnlinkedMessage
from moca.storage.replay_source import ReplaySource
from tests.support.databases import run_sql
from tests.support.factory import ANNA, NOON, at


@pytest.fixture
def archive(
    address: str, database: peewee.Database, tmp_path: Path
) -> Iterator[Callable[[], ReplaySource]]:
    """The archive of what a test writes first; the tables are then bound to an empty database."""
    opened = []

    def archived() -> ReplaySource:
        database.close()
        (tmp_path / "other").mkdir()
        opened.append(open_to_read(address))
        opened.append(open_for_a_while(tmp_path / "other"))
        return ReplaySource(opened[0])

    yield archived
    for each in opened:
        each.close()


def came(seconds: float, body: bytes = b"{}") -> Webhook:
    return Webhook.create(received_at=at(seconds), body=body)


def talk() -> Conversation:
    contact = Contact.create(
        account_id=ANNA.account_id, psid=ANNA.psid, name="Anna", created_at=NOON, last_seen_at=NOON
    )
    return Conversation.create(contact=contact, created_at=NOON, last_activity_at=NOON)


def said(
    conversation: Conversation,
    mid: str,
    seconds: float,
    role: str = "user",
    **more: datetime | Message | Webhook | str,
) -> Message:
    return Message.create(
        conversation=conversation,
        account_id=ANNA.account_id,
        mid=mid,
        role=role,
        created_at=at(seconds),
        **{"text": mid} | more,
    )


def test_webhooks_are_read_from_an_instant_on_across_pages_and_gaps(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    for number in range(130):
        came(number, str(number).encode())
    Webhook.delete().where((Webhook.id > 20) & (Webhook.id < 60)).execute()
    read = list(archive().received(at(15), at(125)))
    numbers = [*range(15, 20), *range(59, 125)]
    assert read == [StoredBody(at(each), str(each).encode()) for each in numbers]


def test_an_empty_database_has_nothing_to_read(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    assert list(archive().received(NOON, at(60))) == []


def test_a_message_without_a_webhook_is_read_among_the_webhooks(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    conversation = talk()
    first, third = came(0), came(20)
    said(conversation, "m1", 0, webhook=first)
    said(conversation, "m2", 10)
    said(conversation, "m3", 20, webhook=third)
    said(conversation, "gone", 30, deleted_at=at(40))
    said(conversation, "reply", 30, role="assistant", author="bot")
    fetched = InboundMessage(contact=ANNA, mid="m2", text="m2")
    read = list(archive().received(NOON, at(60)))
    assert read == [
        StoredBody(NOON, b"{}"),
        UnlinkedMessage(at(10), fetched),
        StoredBody(at(20), b"{}"),
    ]


def test_what_moca_sent_is_told_from_what_a_person_sent(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    conversation = talk()
    for author in ("bot", "operator", "human"):
        said(conversation, author, 1, role="assistant", author=author)
    ours = archive().ours(["bot", "operator", "human", "unheard of"])
    assert ours == {(ANNA.account_id, "bot"), (ANNA.account_id, "operator")}


def test_all_parts_of_a_reply_are_what_was_said(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    conversation = talk()
    first = said(conversation, "r1", 8, role="assistant", author="bot", text="One.")
    last = said(conversation, "r2", 8, role="assistant", text="Two.", sent_at=at(15))
    Message.update(part_of=first.id).where(Message.id << [first.id, last.id]).execute()
    said(conversation, "m1", 5, reply=last, outcome="answered")
    ((message,),) = archive().recorded_messages(NOON, at(60))
    assert (message.ending.said, message.ending.sent_after) == ("One.\nTwo.", timedelta(seconds=10))


def test_names_and_those_who_opted_out_are_known(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    talk()
    Contact.update(opted_out_at=at(5)).execute()
    source = archive()
    assert source.name_of(ANNA) == "Anna"
    assert (list(source.opted_out(at(5))), list(source.opted_out(at(6)))) == ([], [(ANNA, at(5))])


def test_a_row_that_is_read_leaves_the_tables_to_the_other_database(
    database: peewee.Database, archive: Callable[[], ReplaySource]
) -> None:
    came(0)
    reading = archive().received(NOON, at(60))
    next(reading)
    came(1)
    assert (list(reading), Webhook.select().count()) == ([], 1)


def test_what_is_opened_to_read_takes_no_write(address: str, database: peewee.Database) -> None:
    database.close()
    reading = open_to_read(address)
    with pytest.raises(peewee.DatabaseError):
        run_sql(reading, "DELETE FROM webhook")
    reading.close()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(peewee.OperationalError):
        open_to_read(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []
