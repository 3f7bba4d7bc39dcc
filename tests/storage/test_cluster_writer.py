from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import peewee
import pytest

from moca.core.messages.cluster import (
    ClaimSeat,
    Fenced,
    Heartbeat,
    HeartbeatResult,
    LeaveSeats,
    SeatClaimed,
    SeatLost,
)
from moca.core.messages.command import Command, Conflict, Done
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.account_rests import RestingAccount
from moca.core.partition import SENDER
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.db.cluster_tables import Seat
from moca.storage.db.tables import Webhook
from moca.storage.outbox.results import StoredRest, rest_accounts
from moca.storage.unit_of_work import WriterPolicy
from tests.support.factory import NOON
from tests.support.values import of_kind

LEASE = timedelta(seconds=1.5)
POLICY = WriterPolicy()


@pytest.fixture
def writer(database: peewee.Database) -> Iterator[ClusterWriter]:
    writer = ClusterWriter(database, POLICY)
    yield writer
    writer.close()


def claim(
    writer: ClusterWriter, node: str, seat: str = "p1", lease: timedelta = LEASE
) -> tuple[object, ...]:
    return writer.apply([ClaimSeat(seat, node, NOON, lease)]).events


def beat(node: str, at: datetime, elapsed: Callable[[], float] = lambda: 0.0) -> Heartbeat:
    return Heartbeat(node, f"http://{node}", at, elapsed, receipt=Future())


def late_webhook(epoch: int) -> Command:
    late: Any = Fenced("p1", epoch, RecordWebhook(b"{}", (), NOON, receipt=Future()))
    fenced: Command = late
    return fenced


def test_each_claim_opens_a_new_epoch(writer: ClusterWriter) -> None:
    assert claim(writer, "a") == (SeatClaimed("p1", 1, timedelta(0)),)
    assert claim(writer, "b") == (SeatClaimed("p1", 2, LEASE),)


def test_a_write_under_the_epoch_in_force_is_carried_out(
    writer: ClusterWriter, database: peewee.Database
) -> None:
    claim(writer, "a")
    written = writer.apply([late_webhook(1)])
    assert [answer for _, answer in written.answers] == [Done()]
    with database.connection_context():
        assert Webhook.select().count() == 1


def test_a_late_write_of_a_former_owner_is_refused_and_told(
    writer: ClusterWriter, database: peewee.Database
) -> None:
    claim(writer, "a")
    claim(writer, "b")
    written = writer.apply([late_webhook(1)])
    assert written.events == (SeatLost("p1", 1),)
    assert [answer for _, answer in written.answers] == [Conflict("p1 has another owner by now")]
    with database.connection_context():
        assert Webhook.select().count() == 0


def test_whoever_leaves_in_order_is_followed_without_a_wait(writer: ClusterWriter) -> None:
    claim(writer, "a")
    writer.apply([LeaveSeats("a", NOON, has_waited=True)])
    assert claim(writer, "b") == (SeatClaimed("p1", 2, timedelta(0)),)


def test_the_sender_s_seat_is_not_free_after_one_who_left_while_waiting_for_it(
    writer: ClusterWriter,
) -> None:
    claim(writer, "a", SENDER)
    claim(writer, "b", SENDER)
    claim(writer, "b", "p1")
    writer.apply([LeaveSeats("b", NOON, has_waited=False)])
    assert claim(writer, "c", SENDER) == (SeatClaimed(SENDER, 3, LEASE),)
    assert claim(writer, "c", "p1") == (SeatClaimed("p1", 2, timedelta(0)),)


def test_whoever_follows_waits_as_long_as_the_longest_lease_that_may_still_hold(
    writer: ClusterWriter,
) -> None:
    claim(writer, "a", lease=2 * LEASE)
    assert claim(writer, "b") == (SeatClaimed("p1", 2, 2 * LEASE),)
    assert claim(writer, "c") == (SeatClaimed("p1", 3, 2 * LEASE),)
    writer.apply([LeaveSeats("c", NOON, has_waited=True)])
    claim(writer, "d")
    assert claim(writer, "e") == (SeatClaimed("p1", 5, LEASE),)


def test_after_a_holder_of_a_version_that_records_no_lease_the_wait_is_its_2_5_s(
    writer: ClusterWriter, database: peewee.Database
) -> None:
    claim(writer, "a")
    with database.connection_context():
        Seat.update(epoch=2, node="b").where(Seat.name == "p1").execute()
    assert claim(writer, "c") == (SeatClaimed("p1", 3, timedelta(seconds=2.5)),)


def test_a_beat_tells_how_many_live_and_what_is_one_s_own(writer: ClusterWriter) -> None:
    claim(writer, "a")
    claim(writer, "b", seat="p2")
    later = NOON + timedelta(seconds=30)
    writer.apply([beat("gone", NOON), beat("b", later)])
    written = writer.apply([beat("a", later)])
    assert [answer for _, answer in written.answers] == [HeartbeatResult(2, {"p1": 1})]


def test_a_beat_proves_a_lease_from_its_transaction_on(writer: ClusterWriter) -> None:
    clock = iter((1.0, 2.0))
    proof = beat("a", NOON, lambda: next(clock))
    assert next(clock) == 1.0
    [(_, answer)] = writer.apply([proof]).answers
    assert of_kind(answer, HeartbeatResult).proven_at == 2.0


def test_a_beat_tells_which_accounts_rest(writer: ClusterWriter, database: peewee.Database) -> None:
    claim(writer, "a")
    until = NOON + timedelta(minutes=5)
    with database.connection_context():
        rest_accounts(
            {"17841400000000001": StoredRest(until), "17841400000000002": StoredRest(NOON)}
        )
    written = writer.apply([beat("a", NOON)])
    resting = (RestingAccount("17841400000000001", until),)
    assert [answer for _, answer in written.answers] == [
        HeartbeatResult(1, {"p1": 1}, resting=resting)
    ]
