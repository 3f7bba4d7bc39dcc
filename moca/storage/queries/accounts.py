from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.accounts import AccountStatus, Flavour, TokenState
from moca.core.profile import Marks
from moca.storage.db.tables import Account, AccountProfile, Contact, Conversation, Signing, Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """A connected account, without its token."""

    account_id: str
    flavour: Flavour
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
    def token(self) -> TokenState:
        """How its token is."""
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


def list_accounts() -> tuple[AccountRecord, ...]:
    """List the connected accounts, oldest first."""
    rows: Any = Account.select(*_COLUMNS).order_by(Account.created_at, Account.account_id).dicts()
    return tuple(_record(row) for row in rows)


def find_account(account_id: str) -> AccountRecord | None:
    """Look an account up; None if it is not connected."""
    row: Any = Account.select(*_COLUMNS).where(Account.account_id == account_id).dicts().first()
    return None if row is None else _record(row)


def last_heard_by_account() -> dict[str, datetime]:
    """Tell when somebody last wrote to each account that was lately written to."""
    lately: Any = (
        Conversation.select(Contact.account_id, Contact.last_seen_at)
        .join(Contact)
        .order_by(Conversation.last_activity_at.desc())
        .limit(_LATELY)
        .tuples()
    )
    found: dict[str, datetime] = {}
    for account_id, heard_at in lately:
        found[account_id] = max(heard_at, found.get(account_id, heard_at))
    return found


_LATELY = 2_000
_COLUMNS = tuple(getattr(Account, name) for name in AccountRecord.__dataclass_fields__)


def _record(row: dict[str, Any]) -> AccountRecord:
    parted = {name: tuple(row[name].split()) for name in ("scopes", "subscribed_fields")}
    named = {"flavour": Flavour(row["flavour"]), "status": AccountStatus(row["status"])}
    return AccountRecord(**{**row, **parted, **named})


def shown_profiles() -> dict[str, Marks]:
    """Tell what accounts were given to show, by account."""
    query: Any = AccountProfile.select(
        AccountProfile.account_id, AccountProfile.ice_breakers, AccountProfile.menu
    )
    return {
        account_id: Marks(ice_breakers=ice_breakers, menu=menu)
        for account_id, ice_breakers, menu in query.tuples()
    }


def read_signings() -> Mapping[str, datetime]:
    """Tell by a secret's name when it last signed a webhook, to within a minute."""
    query: Any = Signing.select(Signing.secret, Signing.last_at)
    return dict(query.tuples())


def last_webhook_at() -> datetime | None:
    """Tell when the last webhook came; None if none ever did, or none is kept."""
    query: Any = Webhook.select(Webhook.received_at).order_by(Webhook.id.desc()).limit(1)
    return next((at for (at,) in query.tuples()), None)
