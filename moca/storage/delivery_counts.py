from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import EXCLUDED, SQL, fn

from moca.core.accounts import AccountStatus
from moca.core.messages.reconciliation import AccountArrivals, ArrivalsCounted, CountArrivals
from moca.core.reconciliation.silence import REMEMBERED, hour_of
from moca.core.types import Author, Role
from moca.storage.db.metric_tables import ArrivalCount, ArrivalHour, Comparison
from moca.storage.db.tables import Account, Message
from moca.storage.unit_of_work import Batch

_KEPT = timedelta(days=31)
_AT_ONCE = 500_000
_NAME = "messages"
_HOUR = SQL('"created_at" / 3600000000')


class Tally(NamedTuple):
    """What there is to add to the figures of an account's hour."""

    account_id: str
    hour: datetime
    delivered: int = 0
    missed: int = 0


class _Counted(NamedTuple):
    account_id: str
    messages: int
    first_at: datetime
    last_at: datetime


def count_arrivals(batch: Batch, commands: Sequence[CountArrivals]) -> None:
    """Count what came by webhook since the last count, and tell the figures of two weeks."""
    for command in commands:
        counted = _count()
        add_up(
            Tally(each.account_id, hour_of(each.first_at), delivered=each.messages)
            for each in counted
        )
        for each in counted:
            _hear(each)
        ArrivalHour.delete().where(ArrivalHour.hour < command.at - _KEPT).execute()
        batch.tell(ArrivalsCounted(_figures(watched(command.own_account_id), command.at)))


def add_up(tallies: Iterable[Tally]) -> None:
    """Add to what is known of the same hours."""
    for tally in tallies:
        insert: Any = ArrivalHour.insert(tally._asdict())
        insert.on_conflict(
            conflict_target=[ArrivalHour.account_id, ArrivalHour.hour],
            update={
                ArrivalHour.delivered: ArrivalHour.delivered + EXCLUDED.delivered,
                ArrivalHour.missed: ArrivalHour.missed + EXCLUDED.missed,
            },
        ).execute()


def watched(own_account_id: str) -> list[str]:
    """Tell which accounts are looked after: the one of the settings, and the connected ones."""
    query: Any = Account.select(Account.account_id).where(Account.status == AccountStatus.ACTIVE)
    connected = [account_id for (account_id,) in query.order_by(Account.account_id).tuples()]
    return list(dict.fromkeys((*([own_account_id] if own_account_id else ()), *connected)))


def first_uncounted(account_id: str) -> datetime | None:
    """Tell when the first message came by webhook that is not counted yet; None if none did."""
    row = ArrivalCount.get_or_none(ArrivalCount.name == _NAME)
    query: Any = Message.select(Message.created_at).where(
        (Message.id > (row.counted_id if row else 0))
        & (Message.account_id == account_id)
        & Message.webhook.is_null(is_null=False)
    )
    return next((at for (at,) in query.order_by(Message.id).limit(1).tuples()), None)


def open_comparison(account_id: str) -> None:
    """Make sure that an account has a row."""
    insert: Any = Comparison.insert(account_id=account_id)
    insert.on_conflict_ignore().execute()


def _count() -> list[_Counted]:
    row = ArrivalCount.get_or_none(ArrivalCount.name == _NAME)
    if row is None:
        row = ArrivalCount.create(name=_NAME, counted_id=0, seen_id=0)
    until = min(row.seen_id, row.counted_id + _AT_ONCE)
    latest: int = Message.select(fn.MAX(Message.id)).scalar() or 0
    turn: Any = ArrivalCount.update(counted_id=until, seen_id=max(latest, row.seen_id))
    # Of two that count at a time, one finds the other's mark, and has nothing to count.
    mine = (ArrivalCount.name == _NAME) & (ArrivalCount.counted_id == row.counted_id)
    if not turn.where(mine & (ArrivalCount.seen_id == row.seen_id)).execute():
        return []
    return _between(row.counted_id, until)


def _between(after_id: int, until_id: int) -> list[_Counted]:
    created = Message.created_at
    written = (Message.role == Role.USER.value) | (Message.author == Author.HUMAN.value)
    by_webhook = Message.webhook.is_null(is_null=False) & (Message.kind == "message")
    query: Any = Message.select(
        Message.account_id, fn.COUNT(Message.id), fn.MIN(created), fn.MAX(created)
    ).where((Message.id > after_id) & (Message.id <= until_id) & written & by_webhook)
    return [_Counted._make(row) for row in query.group_by(Message.account_id, _HOUR).tuples()]


def _hear(counted: _Counted) -> None:
    open_comparison(counted.account_id)
    of_account = Comparison.account_id == counted.account_id
    heard: Any = Comparison.update(
        last_arrival_at=counted.last_at, quiet_since_at=None, quiet_because=""
    )
    is_new = Comparison.last_arrival_at.is_null() | (Comparison.last_arrival_at < counted.last_at)
    heard.where(of_account & is_new).execute()
    first: Any = Comparison.update(heard_since_at=counted.first_at)
    first.where(of_account & Comparison.heard_since_at.is_null()).execute()


def _figures(account_ids: Sequence[str], at: datetime) -> tuple[AccountArrivals, ...]:
    hours: dict[str, dict[datetime, int]] = defaultdict(dict)
    recent = (ArrivalHour.hour >= at - REMEMBERED) & (ArrivalHour.delivered > 0)
    query: Any = ArrivalHour.select(
        ArrivalHour.account_id, ArrivalHour.hour, ArrivalHour.delivered
    ).where(recent)
    for account_id, hour, delivered in query.tuples():
        hours[account_id][hour] = delivered
    heard = Comparison.last_arrival_at.is_null(is_null=False)
    rows: Any = Comparison.select().where(heard).order_by(Comparison.account_id)
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
