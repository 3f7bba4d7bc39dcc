"""Notifications other than those about conversations and accounts."""

from dataclasses import replace
from datetime import datetime, timedelta

import peewee

from moca.core.messages.housekeeping import (
    FindNotifications,
    NotificationsFound,
    NotificationStored,
    RecordBudgetSpent,
)
from moca.core.notifications import Notification, NotificationKind
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, Desk
from tests.support.factory import NOON

BECAUSE = "the day's budget of 1000 calls is used up until 00:00 UTC"
DAY = timedelta(days=1)


def told(at: datetime, number: int) -> Notification:
    return Notification(
        id=number,
        kind=NotificationKind.BUDGET_SPENT,
        because=BECAUSE,
        account_id="",
        created_at=at,
    )


def test_a_spent_budget_is_told_once_a_day_whichever_node_notices_it(
    database: peewee.Database,
) -> None:
    writer = Writer(database, replace(POLICY, stores_notification=True))
    spent = RecordBudgetSpent(BECAUSE, NOON)
    assert writer.apply([spent, spent]).events == (NotificationStored(),)
    assert writer.apply([replace(spent, at=NOON + timedelta(hours=11))]).events == ()
    assert writer.apply([replace(spent, at=NOON + DAY)]).events == (NotificationStored(),)
    (found,) = writer.apply([FindNotifications(NOON + DAY, 10)]).events
    assert isinstance(found, NotificationsFound)
    assert found.notifications == (told(NOON, 1), told(NOON + DAY, 2))


def test_a_spent_budget_of_an_account_is_told_beside_that_of_all(database: peewee.Database) -> None:
    writer = Writer(database, replace(POLICY, stores_notification=True))
    spent = [RecordBudgetSpent(BECAUSE, NOON, each) for each in ("", "178", "178", "179")]
    assert writer.apply(spent).events == (NotificationStored(),) * 3
    (found,) = writer.apply([FindNotifications(NOON, 10)]).events
    assert isinstance(found, NotificationsFound)
    assert [each.account_id for each in found.notifications] == ["", "178", "179"]


def test_nobody_is_told_where_nobody_is_to_be(desk: Desk) -> None:
    assert desk.do(RecordBudgetSpent(BECAUSE, NOON)) == ()
