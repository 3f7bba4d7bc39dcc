from dataclasses import dataclass, field
from datetime import datetime

from moca.core.accounts import Account, SealedToken
from moca.core.messages.receipt import Receipt
from moca.core.profile import Marks


@dataclass(frozen=True, slots=True)
class StoreAccount:
    """Connect an account. Web -> Supervisor -> Persistence."""

    account: Account
    token: SealedToken
    at: datetime
    replaces: bool = False
    """Whether one that is connected already gets these values instead of a conflict."""
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ChangeAccount:
    """Change what is not None. Web -> Supervisor -> Persistence."""

    account_id: str
    at: datetime
    name: str | None = None
    page_id: str | None = None
    token: SealedToken | None = None
    """A new one revives the account."""
    subscribed_fields: tuple[str, ...] | None = None
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    """Forget an account's token; what was said stays. Web -> Supervisor -> Persistence."""

    account_id: str
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MarkTokenDead:
    """Instagram refused an account's token for good. Sender, TokenKeeper -> Persistence."""

    account_id: str
    because: str
    refused_at: datetime
    """When the refused call began: a token stored later is another one."""
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RenewToken:
    """Keep the token that a refresh brought. TokenKeeper -> Persistence."""

    account_id: str
    token: SealedToken
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteRefreshFailure:
    """Count a refresh that brought no token. TokenKeeper -> Persistence."""

    account_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Calls in its name go out otherwise from now on. Persistence -> Sender."""

    account_id: str
    is_usable: bool
    """Whether it has a token that may work, so that its queue can go on."""


@dataclass(frozen=True, slots=True)
class RecordProfile:
    """Keep what an account shows by now. ProfileKeeper -> Persistence."""

    account_id: str
    marks: Marks
