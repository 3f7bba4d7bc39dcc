from datetime import datetime, timedelta

import peewee
import pytest

from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import RemoveAccount, StoreAccount
from moca.core.messages.command import AwaitedCommand
from moca.core.messages.housekeeping import EraseOnDeletionRequest
from moca.core.messages.inbound import RecordFetched
from moca.core.messages.reconciliation import (
    AccountArrivals,
    ArrivalsCounted,
    CompareThread,
    CountArrivals,
    FindDueReconciliations,
    ReportSilentAccount,
)
from moca.core.notifications import NotificationKind
from moca.core.reconciliation.thread_scan import ScanPeriod
from moca.core.types import ContactKey
from moca.storage.db.metric_tables import ArrivalCount, ArrivalHour, ReconciledAccount
from moca.storage.db.push_tables import StoredNotification
from moca.storage.db.upgrade import migrate
from moca.storage.queries.delivery_health import DayDelivered, list_deliveries, list_quiet
from moca.storage.writer import Writer, WriterPolicy
from tests.storage.desk import Desk, echoed, webhook, wrote
from tests.support.databases import run_sql
from tests.support.factory import ANNA, NOON, at
from tests.support.values import only

ACCOUNT = ANNA.account_id
HOUR = 3600


def count(desk: Desk, seconds: float) -> ArrivalsCounted:
    """Count twice, so that everything is counted."""
    desk.do(CountArrivals(at(seconds), ACCOUNT))
    return only(desk.do(CountArrivals(at(seconds), ACCOUNT)), ArrivalsCounted)


def delivered() -> dict[datetime, tuple[int, int]]:
    return {row.hour: (row.delivered, row.missed) for row in ArrivalHour.select()}


def test_what_came_by_webhook_is_counted_by_the_hour(desk: Desk) -> None:
    desk.do(webhook(wrote("a"), wrote("b"), seconds=10))
    desk.do(webhook(wrote("c"), echoed("by-hand", "I am here"), seconds=HOUR))

    assert count(desk, HOUR) == ArrivalsCounted(
        (AccountArrivals(ACCOUNT, at(HOUR), {at(0): 2, at(HOUR): 2}, is_called_quiet=False),)
    )
    assert delivered() == {at(0): (2, 0), at(HOUR): (2, 0)}


def test_nothing_is_counted_twice_and_replies_and_comments_are_not_counted(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("a")))
    desk.do(webhook(wrote("c", kind="comment")))
    count(desk, 60)
    count(desk, 120)

    assert delivered() == {at(0): (1, 0)}


def test_a_message_is_counted_only_once_every_earlier_one_is_on_disk(desk: Desk) -> None:
    desk.receive("a")
    desk.do(CountArrivals(at(60), ACCOUNT))
    assert delivered() == {}


def test_what_never_came_is_counted_in_the_hour_in_which_it_was_written(desk: Desk) -> None:
    desk.receive("a")
    count(desk, 60)
    desk.do(FindDueReconciliations(at(60), timedelta(minutes=5), ACCOUNT))
    lost = wrote("lost", sent_at=at(100))
    desk.do(CompareThread(ACCOUNT, (lost,), ScanPeriod(at(0), at(HOUR)), at(HOUR + 60)))
    (record,) = list_deliveries(NOON - timedelta(days=1))

    assert delivered() == {at(0): (1, 1)}
    assert record.days == (DayDelivered(day=NOON.date(), delivered=1, missed=1),)
    assert record.share == 0.5


def test_what_was_fetched_by_a_hint_counts_as_missed(desk: Desk) -> None:
    desk.do(RecordFetched(ACCOUNT, "m", wrote("m"), at(0)))

    assert delivered() == {at(0): (0, 1)}


def test_figures_older_than_a_month_are_forgotten(desk: Desk) -> None:
    desk.receive("a")
    count(desk, 60)
    count(desk, 32 * 24 * HOUR)

    assert delivered() == {}


def test_an_account_that_nobody_looks_after_is_not_watched(desk: Desk) -> None:
    desk.do(webhook(wrote("m", contact=ContactKey("other", "1"))))

    assert count(desk, 60) == ArrivalsCounted(())


def test_a_quiet_account_is_told_of_until_something_comes(database: peewee.Database) -> None:
    writer = Writer(database, WriterPolicy(stores_notification=True))
    count = CountArrivals(at(0), ACCOUNT)
    writer.apply([webhook(wrote("a"))])
    writer.apply([count])
    writer.apply([count])
    call = ReportSilentAccount(ACCOUNT, "no webhook has come", at(0), at(HOUR))
    writer.apply([call, call])

    assert list_quiet() == {ACCOUNT: "no webhook has come"}
    assert [(each.kind, each.because) for each in StoredNotification.select()] == [
        (NotificationKind.ACCOUNT_QUIET, "no webhook has come")
    ]

    writer.apply([webhook(wrote("b"), seconds=2 * HOUR)])
    writer.apply([count])
    writer.apply([count])
    assert list_quiet() == {}


@pytest.mark.parametrize(
    "goodbye", [RemoveAccount(ACCOUNT, at(9)), EraseOnDeletionRequest(ACCOUNT, "x", at(9))]
)
def test_an_account_that_is_gone_is_not_told_of(desk: Desk, goodbye: AwaitedCommand) -> None:
    desk.do(StoreAccount(Account(account_id=ACCOUNT), SealedToken("sealed", NOON, None), NOON))
    desk.receive("a")
    count(desk, 60)
    desk.do(goodbye)

    assert list_deliveries(NOON) == ()


def test_what_came_before_the_figures_were_kept_is_counted_by_the_migration(
    new_database: peewee.Database,
) -> None:
    migrate(new_database)
    database, desk = new_database, Desk(new_database)
    desk.receive("a")
    desk.do(webhook(wrote("b"), wrote("c", kind="comment"), seconds=HOUR))
    database.drop_tables([ReconciledAccount, ArrivalHour, ArrivalCount])
    run_sql(database, "DELETE FROM migratehistory WHERE name = '021_deliveries'")
    migrate(database)

    assert delivered() == {at(0): (1, 0), at(HOUR): (1, 0)}
    assert count(desk, HOUR) == ArrivalsCounted(
        (AccountArrivals(ACCOUNT, at(HOUR), {at(0): 1, at(HOUR): 1}, is_called_quiet=False),)
    )
