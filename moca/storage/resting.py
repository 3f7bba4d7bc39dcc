from collections.abc import Mapping
from datetime import datetime
from typing import Any

from peewee import EXCLUDED

from moca.core.messages import RestingAccount
from moca.storage.models import AccountRest
from moca.storage.prepared import Prepared

_RESTING = Prepared(
    AccountRest,
    lambda at: (
        AccountRest.select(AccountRest.account_id, AccountRest.rests_until)
        .where(AccountRest.rests_until > at)
        .order_by(AccountRest.account_id)
    ),
)


def rest_accounts(rests: Mapping[str, datetime]) -> None:
    """Write until when accounts rest; no rest is cut short."""
    for account_id, until in sorted(rests.items()):
        row: Any = AccountRest.insert(account_id=account_id, rests_until=until)
        row.on_conflict(
            conflict_target=[AccountRest.account_id],
            preserve=[AccountRest.rests_until],
            where=AccountRest.rests_until < EXCLUDED.rests_until,
        ).execute()


def resting_accounts(at: datetime) -> tuple[RestingAccount, ...]:
    """Tell which accounts rest at an instant."""
    return tuple(RestingAccount(*row) for row in _RESTING.rows(at))
