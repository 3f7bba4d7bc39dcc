from collections.abc import Iterable
from datetime import datetime

import peewee

from moca.core.accounts import NOT_CONNECTED, REMOVED
from moca.storage.db.fields import InstantField
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Account, Table
from moca.storage.unit_of_work import WriterPolicy


class RemovedAccount(Table):
    """An account that was connected once; nothing is sent for it any more."""

    account_id = peewee.CharField(primary_key=True)
    removed_at = InstantField()

    class Meta:
        table_name = "removed_account"


_CONNECTED = Selection(lambda: Account.select(Account.account_id), Account.account_id)
_REMOVED = Selection(
    lambda: RemovedAccount.select(RemovedAccount.account_id), RemovedAccount.account_id
)


def not_ours_because(account_ids: Iterable[str], policy: WriterPolicy) -> dict[str, str]:
    """Return why messages to these accounts are not answered, for those that are not ours."""
    known_ids = sorted(set(account_ids))
    removed = dict.fromkeys(removed_among(known_ids), REMOVED)
    others = [each for each in known_ids if each not in removed and not policy.may_own(each)]
    connected = {account_id for (account_id,) in _CONNECTED.among(others)}
    return removed | {each: NOT_CONNECTED for each in others if each not in connected}


def removed_among(account_ids: Iterable[str]) -> set[str]:
    """Return which of these accounts were removed."""
    return {account_id for (account_id,) in _REMOVED.among(sorted(set(account_ids)))}


def all_removed() -> list[str]:
    """Return all accounts that were removed and not connected again."""
    query = RemovedAccount.select(RemovedAccount.account_id)
    return [account_id for (account_id,) in read_rows(query.order_by(RemovedAccount.account_id))]


def note_removed(account_id: str, at: datetime) -> None:
    """Record that an account was removed, so that later messages to it are not answered."""
    removal = RemovedAccount.insert(account_id=account_id, removed_at=at)
    removal.on_conflict_ignore().execute()


def forget_removed(account_id: str) -> None:
    """Forget that an account was removed, when it is connected again."""
    RemovedAccount.delete().where(RemovedAccount.account_id == account_id).execute()


def was_removed(account_id: str) -> bool:
    """Return whether the account was connected once and is not any more."""
    found = RemovedAccount.select().where(RemovedAccount.account_id == account_id)
    return bool(found.exists())
