from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from moca.core.accounts import AccountStatus, Credentials, LoginKind, TokenState, WrongEncryptionKey
from moca.core.messages.accounts import AccountChanged
from moca.storage.accounts.ownership import was_removed
from moca.storage.accounts.vault import Vault
from moca.storage.db.rows import read_rows
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


class CredentialStore:
    """Caches the credentials of all connected accounts. Thread-safe.

    Changes by other processes are seen within a minute, changes by this process at once.
    """

    def __init__(
        self, database: peewee.Database, vault: Vault, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._vault = vault
        self._now = now
        self._entries: dict[str, _Entry] = {}

    def is_connected(self, account_id: str) -> bool:
        """Return whether the account is connected, even with a dead token."""
        return self._entry(account_id).is_connected

    def is_removed(self, account_id: str) -> bool:
        """Return whether the account was connected once and is not any more."""
        return self._entry(account_id).is_removed

    def credentials(self, account_id: str) -> Credentials | None:
        """Return what a call needs; None without an account or a usable token."""
        return self._entry(account_id).credentials

    def tokens(self) -> tuple[TokenState, ...]:
        """Return the token state of every account."""
        with self._database.connection_context():
            return tuple(account.token for account in list_accounts())

    def observe(self, event: object) -> None:
        """Drop the cached credentials of an account that has changed."""
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
        except WrongEncryptionKey:
            return _Entry(now, None, is_connected=True)
        found = Credentials(LoginKind(row.flavour), token, row.page_id)
        return _Entry(now, found, is_connected=True)


def require_key(vault: Vault) -> None:
    """Check that every stored token can be decrypted.

    Raises:
        WrongEncryptionKey: one of them cannot be.
    """
    rows = read_rows(Account.select(Account.sealed_token))
    for (sealed,) in rows:
        vault.open(sealed)


def reseal_tokens(vault: Vault) -> int:
    """Encrypt tokens under older keys with the newest key, and return how many there were.

    Raises:
        WrongEncryptionKey: one of them cannot be decrypted.
    """
    count = 0
    rows = read_rows(Account.select(Account.account_id, Account.sealed_token))
    for account_id, sealed in list(rows):
        resealed = vault.resealed(sealed)
        if resealed is not None:
            unchanged = (Account.account_id == account_id) & (Account.sealed_token == sealed)
            count += Account.update(sealed_token=resealed).where(unchanged).execute()
    return count
