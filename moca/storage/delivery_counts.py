from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import EXCLUDED, SQL, fn

from moca.core.accounts import AccountStatus
from moca.core.messages.reconciliation import AccountArrivals, ArrivalsCounted, CountArrivals
from moca.core.reconciliation.silence import REMEMBERED, hour_of
from moca.core.types import Author, Role
from moca.storage.db.metric_tables import ArrivalCount, ArrivalHour, ReconciledAccount
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Account, Message
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

_KEPT = timedelta(days=31)
_AT_ONCE = 500_000
_NAME = "messages"
_HOUR = SQL('"created_at" / 3600000000')


class DeliveryCount(NamedTuple):
    """The increments of an account's counts within an hour."""

    account_id: str
    hour: datetime
    delivered: int = 0
    missed: int = 0


class _Counted(NamedTuple):
    account_id: str
    messages: int
    first_at: datetime
    last_at: datetime


@handles(CountArrivals)
def count_arrivals(batch: Batch, commands: Sequence[CountArrivals]) -> None:
    """Count the webhooks since the last count, and report the counts of the last two weeks."""
    for command in commands:
        counted = _count()
        add_up(
            DeliveryCount(each.account_id, hour_of(each.first_at), delivered=each.messages)
            for each in counted
        )
        for each in counted:
            _note_arrivals(each)
        ArrivalHour.delete().where(ArrivalHour.hour < command.at - _KEPT).execute()
        batch.tell(ArrivalsCounted(_figures(watched(command.own_account_id), command.at)))


def add_up(tallies: Iterable[DeliveryCount]) -> None:
    """Add increments to the stored counts of the same hours."""
    for tally in tallies:
        insert = ArrivalHour.insert(tally._asdict())
        insert.on_conflict(
            conflict_target=[ArrivalHour.account_id, ArrivalHour.hour],
            update={
                ArrivalHour.delivered: ArrivalHour.delivered + EXCLUDED.delivered,
                ArrivalHour.missed: ArrivalHour.missed + EXCLUDED.missed,
            },
        ).execute()


def watched(own_account_id: str) -> list[str]:
    """Return the accounts to watch: the one in the settings, and the connected ones."""
    query = Account.select(Account.account_id).where(Account.status == AccountStatus.ACTIVE)
    connected = [account_id for (account_id,) in read_rows(query.order_by(Account.account_id))]
    return list(dict.fromkeys((*([own_account_id] if own_account_id else ()), *connected)))


def first_uncounted(account_id: str) -> datetime | None:
    """Return when the first message not counted yet came by webhook; None if there is none."""
    row = ArrivalCount.get_or_none(ArrivalCount.name == _NAME)
    query = Message.select(Message.created_at).where(
        (Message.id > (row.counted_id if row else 0))
        & (Message.account_id == account_id)
        & Message.webhook.is_null(is_null=False)
    )
    return next((at for (at,) in read_rows(query.order_by(Message.id).limit(1))), None)


def open_comparison(account_id: str) -> None:
    """Create an account's row if there is none."""
    insert = ReconciledAccount.insert(account_id=account_id)
    insert.on_conflict_ignore().execute()


def _count() -> list[_Counted]:
    row = ArrivalCount.get_or_none(ArrivalCount.name == _NAME)
    if row is None:
        row = ArrivalCount.create(name=_NAME, counted_id=0, seen_id=0)
    until = min(row.seen_id, row.counted_id + _AT_ONCE)
    latest: int = Message.select(fn.MAX(Message.id)).scalar() or 0
    turn = ArrivalCount.update(counted_id=until, seen_id=max(latest, row.seen_id))
    # If two processes count at once, one finds the other's mark and has nothing to count.
    mine = (ArrivalCount.name == _NAME) & (ArrivalCount.counted_id == row.counted_id)
    if not turn.where(mine & (ArrivalCount.seen_id == row.seen_id)).execute():
        return []
    return _between(row.counted_id, until)


def _between(after_id: int, until_id: int) -> list[_Counted]:
    created = Message.created_at
    written = (Message.role == Role.USER.value) | (Message.author == Author.HUMAN.value)
    by_webhook = Message.webhook.is_null(is_null=False) & (Message.kind == "message")
    query = Message.select(
        Message.account_id, fn.COUNT(Message.id), fn.MIN(created), fn.MAX(created)
    ).where((Message.id > after_id) & (Message.id <= until_id) & written & by_webhook)
    return [_Counted._make(row) for row in read_rows(query.group_by(Message.account_id, _HOUR))]


def _note_arrivals(counted: _Counted) -> None:
    open_comparison(counted.account_id)
    of_account = ReconciledAccount.account_id == counted.account_id
    noted = ReconciledAccount.update(
        last_arrival_at=counted.last_at, quiet_since_at=None, quiet_because=""
    )
    is_new = ReconciledAccount.last_arrival_at.is_null() | (
        ReconciledAccount.last_arrival_at < counted.last_at
    )
    noted.where(of_account & is_new).execute()
    first = ReconciledAccount.update(heard_since_at=counted.first_at)
    first.where(of_account & ReconciledAccount.heard_since_at.is_null()).execute()


def _figures(account_ids: Sequence[str], at: datetime) -> tuple[AccountArrivals, ...]:
    hours: dict[str, dict[datetime, int]] = defaultdict(dict)
    recent = (ArrivalHour.hour >= at - REMEMBERED) & (ArrivalHour.delivered > 0)
    query = ArrivalHour.select(
        ArrivalHour.account_id, ArrivalHour.hour, ArrivalHour.delivered
    ).where(recent)
    for account_id, hour, delivered in read_rows(query):
        hours[account_id][hour] = delivered
    noted = ReconciledAccount.last_arrival_at.is_null(is_null=False)
    rows = ReconciledAccount.select().where(noted).order_by(ReconciledAccount.account_id)
    return tuple(
        AccountArrivals(
            row.account_id,
            row.last_arrival_at,
            hours[row.account_id],
            row.quiet_since_at is not None,
        )
        for row in rows
        if row.account_id in account_ids
    )
