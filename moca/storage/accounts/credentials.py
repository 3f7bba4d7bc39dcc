from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import peewee

from moca.core.accounts import AccountStatus, Credentials, Flavour, TokenState, WrongKey
from moca.core.messages.accounts import AccountChanged
from moca.storage.accounts.ownership import was_removed
from moca.storage.accounts.vault import Vault
from moca.storage.db.tables import Account
from moca.storage.queries.accounts import list_accounts

_REMEMBERED = 1000
_BELIEVED_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Entry:
    read_at: datetime
    credentials: Credentials | None
    is_connected: bool
    is_removed: bool = False


class AccountBook:
    """Knows the credentials of every connected account; any thread may ask.

    What another process changed is seen within a minute, what this one changed at once.
    """

    def __init__(
        self, database: peewee.Database, vault: Vault, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._vault = vault
        self._now = now
        self._entries: dict[str, _Entry] = {}

    def is_connected(self, account_id: str) -> bool:
        """Tell whether the account was connected, be its token dead or not."""
        return self._entry(account_id).is_connected

    def is_removed(self, account_id: str) -> bool:
        """Return whether the account was connected once, and is not any more."""
        return self._entry(account_id).is_removed

    def credentials(self, account_id: str) -> Credentials | None:
        """Give what a call needs; None where there is no account, or no token that can be used."""
        return self._entry(account_id).credentials

    def tokens(self) -> tuple[TokenState, ...]:
        """Tell how every account's token is."""
        with self._database.connection_context():
            return tuple(account.token for account in list_accounts())

    def observe(self, event: object) -> None:
        """Forget what is known of an account that changed."""
        if isinstance(event, AccountChanged):
            self._entries.pop(event.account_id, None)

    def _entry(self, account_id: str) -> _Entry:
        now = self._now()
        known = self._entries.get(account_id)
        if known is None or not now - _BELIEVED_FOR < known.read_at <= now:
            known = self._read(account_id, now)
            if len(self._entries) >= _REMEMBERED:
                self._entries.clear()
            self._entries[account_id] = known
        return known

    def _read(self, account_id: str, now: datetime) -> _Entry:
        with self._database.connection_context():
            row = Account.get_or_none(Account.account_id == account_id)
            is_removed = row is None and was_removed(account_id)
        if row is None:
            return _Entry(now, None, is_connected=False, is_removed=is_removed)
        if row.status != AccountStatus.ACTIVE:
            return _Entry(now, None, is_connected=True)
        try:
            token = self._vault.open(row.sealed_token)
        except WrongKey:
            return _Entry(now, None, is_connected=True)
        found = Credentials(Flavour(row.flavour), token, row.page_id)
        return _Entry(now, found, is_connected=True)


def require_key(vault: Vault) -> None:
    """Make sure that every token kept can be read.

    Raises:
        WrongKey: one cannot.
    """
    rows: Any = Account.select(Account.sealed_token).tuples()
    for (sealed,) in rows:
        vault.open(sealed)


def reseal_tokens(vault: Vault) -> int:
    """Seal with the newest key what an older one sealed; return how many tokens that were.

    Raises:
        WrongKey: one of them cannot be read.
    """
    count = 0
    rows: Any = Account.select(Account.account_id, Account.sealed_token).tuples()
    for account_id, sealed in list(rows):
        resealed = vault.resealed(sealed)
        if resealed is not None:
            unchanged = (Account.account_id == account_id) & (Account.sealed_token == sealed)
            count += Account.update(sealed_token=resealed).where(unchanged).execute()
    return count
