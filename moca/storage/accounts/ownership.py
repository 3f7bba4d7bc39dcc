from collections.abc import Iterable
from datetime import datetime
from typing import Any

import peewee

from moca.core.accounts import NOT_CONNECTED, REMOVED
from moca.storage.db.fields import InstantField
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Account, Table
from moca.storage.unit_of_work import WriterPolicy


class RemovedAccount(Table):
    """An account that was connected once: nothing goes out in its name any more."""

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
    asked = sorted(set(account_ids))
    removed = {account_id: REMOVED for (account_id,) in _REMOVED.among(asked)}
    others = [each for each in asked if each not in removed and not policy.may_own(each)]
    connected = {account_id for (account_id,) in _CONNECTED.among(others)}
    return removed | {each: NOT_CONNECTED for each in others if each not in connected}


def note_removed(account_id: str, at: datetime) -> None:
    """Remember that an account was removed, so that what comes for it later is not answered."""
    removal: Any = RemovedAccount.insert(account_id=account_id, removed_at=at)
    removal.on_conflict_ignore().execute()


def forget_removed(account_id: str) -> None:
    """Let an account be ours again."""
    RemovedAccount.delete().where(RemovedAccount.account_id == account_id).execute()


def was_removed(account_id: str) -> bool:
    """Return whether the account was connected once, and is not any more."""
    found: Any = RemovedAccount.select().where(RemovedAccount.account_id == account_id)
    return bool(found.exists())
