from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import peewee
import pytest

from moca.core.content.content import Content
from moca.core.messages.command import Done, NotFound, Receipt
from moca.core.messages.delivery import ClaimReply, RecordSent
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ContactErased, EraseContact
from moca.core.messages.replies import ConcludeMessages, QueueReply, ReplyQueued
from moca.core.types import Outcome
from moca.storage.db.connection import open_database
from moca.storage.db.schema import TABLES
from moca.storage.db.tables import Contact, JourneyStep, Message, QueueItem, Webhook
from moca.storage.db.upgrade import migrate
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, Desk, message, webhook, wrote
from tests.support.databases import run_sql
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import id_of, of_kind, only


def _counts() -> dict[str, int]:
    return {table.__name__: table.select().count() for table in TABLES}


def test_a_failing_command_rolls_everything_back(desk: Desk, database: peewee.Database) -> None:
    first = desk.receive("m1")
    before = _counts()
    never: Any = None
    received_never = replace(webhook(), received_at=never)

    with pytest.raises(peewee.IntegrityError):
        desk.do(
            webhook(wrote("m2", contact=BEN)),
            ConcludeMessages((first,), Outcome.FAILED, "no", at(1)),
            received_never,
        )

    assert _counts() == before
    assert message(first) == ("received", False, None, "")
    assert not database.in_transaction()
    desk.receive("m2")


def test_an_empty_apply_does_nothing(desk: Desk) -> None:
    assert (desk.do(), desk.answers()) == ((), [])


def test_a_writer_goes_on_as_soon_as_the_database_does(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/moca.db")
    writer = Writer(database, POLICY)
    with pytest.raises(peewee.OperationalError):
        writer.apply([webhook(wrote("m1"))])
    assert database.is_closed()

    migrate(database)
    writer.apply([webhook(wrote("m1"))])
    assert Contact.select().count() == 1
    database.close()


def test_the_whole_journey_in_one_transaction_each_in_its_order(desk: Desk) -> None:
    arrived = desk.do(webhook(wrote("m1")), webhook(wrote("m2", "more")))
    ids = tuple(of_kind(event, MessageArrived).message.id for event in arrived)
    queued = only(desk.do(QueueReply(1, ids, content=Content(text="hi"), at=at(5))), ReplyQueued)
    events = desk.do(
        ClaimReply(queued.reply, at(6)),
        RecordSent(queued.reply.item_id, "r1", at(7), "the call's answer"),
    )

    assert [type(event).__name__ for event in events] == ["ReplyClaimed", "ReplySent"]
    assert [message(each)[2] for each in ids] == ["answered", "answered"]


def test_an_erased_contact_leaves_nothing_behind(desk: Desk) -> None:
    desk.do(webhook(wrote("b1", contact=BEN)))
    reply = desk.queue(desk.receive("m1"), conversation_id=2)
    desk.send(reply)
    later = desk.queue(conversation_id=2)
    receipt: Receipt = Future()

    events = desk.do(EraseContact(ANNA, NOON, receipt=receipt))

    assert events == (ContactErased(ANNA, (reply.item_id, later.item_id)),)
    assert [row.psid for row in Contact.select()] == [BEN.psid]
    assert [row.mid for row in Message.select()] == ["b1"]
    assert {id_of(step, "message") for step in JourneyStep.select()} == {1}
    assert (QueueItem.select().count(), Webhook.select().count()) == (0, 1)
    assert desk.answers(EraseContact(ANNA, NOON, receipt=receipt)) == [NotFound()]


def test_a_body_shared_with_others_goes_and_their_messages_stay(desk: Desk) -> None:
    desk.do(webhook(wrote("a1"), wrote("b1", contact=BEN)))

    assert desk.answers(EraseContact(ANNA, NOON, receipt=Future())) == [Done()]
    assert Webhook.select().count() == 0
    assert [(row.mid, id_of(row, "webhook")) for row in Message.select()] == [("b1", None)]


def test_what_was_written_and_erased_in_one_transaction_is_gone(desk: Desk) -> None:
    desk.do(webhook(wrote("m1")), EraseContact(ANNA, NOON), webhook(wrote("m2")))

    assert [row.mid for row in Message.select()] == ["m2"]
    assert JourneyStep.select().count() == 2


def test_a_late_command_never_meets_a_stranger(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.do(EraseContact(ANNA, NOON))
    desk.queue(desk.receive("b1", contact=BEN), conversation_id=2)
    desk.do(RecordSent(reply.item_id, "r1", at(9), "late"))

    assert desk.answers(
        QueueReply(1, (1,), content=Content(text="hi"), at=at(9), receipt=Future())
    ) == [NotFound()]
    assert [row.status for row in QueueItem.select()] == ["pending"]


@pytest.mark.parametrize(
    "kind", [pytest.param("postgresql", marks=pytest.mark.cluster)], indirect=True
)
def test_a_writer_goes_on_after_its_connection_was_cut(
    desk: Desk, database: peewee.Database
) -> None:
    ended = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(peewee.PeeweeException):
        run_sql(database, ended)
    with pytest.raises(peewee.OperationalError):
        desk.do(webhook(wrote("m1")))

    desk.receive("m1")
    assert Message.select().count() == 1
