from typing import Any

from moca.core.profile import Marks
from moca.storage.models import AccountProfile


def shown_profiles() -> dict[str, Marks]:
    """Tell what accounts were given to show, by account."""
    query: Any = AccountProfile.select(
        AccountProfile.account_id, AccountProfile.ice_breakers, AccountProfile.menu
    )
    return {
        account_id: Marks(ice_breakers=ice_breakers, menu=menu)
        for account_id, ice_breakers, menu in query.tuples()
    }
