from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.accounts import AccountStatus, LoginKind, TokenState
from moca.core.profile import ProfileFingerprints
from moca.storage.db.bot_tables import AccountProfile
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.secret import SignatureCheck
from moca.storage.db.tables import (
    Account,
    Contact,
    Conversation,
    Webhook,
)
from moca.storage.queries.team.account_scope import narrow


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """A connected account, without its token."""

    account_id: str
    flavour: LoginKind
    username: str | None
    name: str | None
    page_id: str | None
    app_user_id: str | None
    scopes: tuple[str, ...]
    subscribed_fields: tuple[str, ...]
    status: AccountStatus
    because: str
    created_at: datetime
    token_issued_at: datetime
    token_expires_at: datetime | None
    refreshed_at: datetime | None
    refresh_failures: int
    refresh_failed_at: datetime | None

    @property
    def shown_name(self) -> str:
        """Its name on pages."""
        return self.username or self.name or self.account_id

    @property
    def token(self) -> TokenState:
        """The state of its access token."""
        return TokenState(
            account_id=self.account_id,
            flavour=self.flavour,
            status=self.status,
            because=self.because,
            issued_at=self.token_issued_at,
            expires_at=self.token_expires_at,
            refresh_failures=self.refresh_failures,
            refresh_failed_at=self.refresh_failed_at,
        )


def list_accounts(scope: AccountScope = ALL_ACCOUNTS) -> tuple[AccountRecord, ...]:
    """Return the connected accounts, oldest first."""
    query = narrow(Account.select(*_COLUMNS), scope, Account.account_id)
    rows = read_dicts(query.order_by(Account.created_at, Account.account_id))
    return tuple(_record(row) for row in rows)


def names_of(accounts: Iterable[AccountRecord]) -> dict[str, str]:
    """Return the shown names of accounts by their ids."""
    return {each.account_id: each.shown_name for each in accounts}


def find_account(account_id: str) -> AccountRecord | None:
    """Return an account, or None if it is not connected."""
    row = Account.select(*_COLUMNS).where(Account.account_id == account_id).dicts().first()
    return None if row is None else _record(row)


def last_heard_by_account() -> dict[str, datetime]:
    """Return when each recently contacted account was last written to, by account id."""
    lately = read_rows(
        Conversation.select(Contact.account_id, Contact.last_seen_at)
        .join(Contact)
        .order_by(Conversation.last_activity_at.desc())
        .limit(_LATELY)
    )
    found: dict[str, datetime] = {}
    for account_id, heard_at in lately:
        found[account_id] = max(heard_at, found.get(account_id, heard_at))
    return found


_LATELY = 2_000
_COLUMNS = tuple(getattr(Account, name) for name in AccountRecord.__dataclass_fields__)


def _record(row: dict[str, Any]) -> AccountRecord:
    parted = {name: tuple(row[name].split()) for name in ("scopes", "subscribed_fields")}
    named = {"flavour": LoginKind(row["flavour"]), "status": AccountStatus(row["status"])}
    return AccountRecord(**{**row, **parted, **named})


def shown_profiles() -> dict[str, ProfileFingerprints]:
    """Return the fingerprints of the profiles that accounts show, by account id."""
    query = AccountProfile.select(
        AccountProfile.account_id, AccountProfile.ice_breakers, AccountProfile.menu
    )
    return {
        account_id: ProfileFingerprints(ice_breakers=ice_breakers, menu=menu)
        for account_id, ice_breakers, menu in read_rows(query)
    }


def read_signature_checks() -> Mapping[str, datetime]:
    """Return when each secret last signed a webhook, by name, to within a minute."""
    query = SignatureCheck.select(SignatureCheck.secret, SignatureCheck.last_at)
    return dict(read_rows(query))


def last_webhook_at() -> datetime | None:
    """Return when the last webhook arrived; None if none is stored."""
    query = Webhook.select(Webhook.received_at).order_by(Webhook.id.desc()).limit(1)
    return next((at for (at,) in read_rows(query)), None)
