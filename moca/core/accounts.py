from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

NOT_CONNECTED = "the account is not connected"
REMOVED = "the account was removed"
"""Why messages to an account are not answered."""


class WrongEncryptionKey(Exception):  # noqa: N818 - the name states the error
    """Raised if tokens cannot be encrypted or decrypted with the key at hand. Says what to do."""


class LoginKind(StrEnum):
    """The login through which an account is connected. Each has its own Graph API host."""

    INSTAGRAM_LOGIN = "instagram_login"
    FACEBOOK_LOGIN = "facebook_login"


class AccountStatus(StrEnum):
    """Whether API calls can be made for an account."""

    ACTIVE = "active"
    DEAD = "dead"
    """Its token no longer works; the account needs a new one."""


@dataclass(frozen=True, slots=True)
class SealedToken:
    """An access token as it is stored, encrypted."""

    sealed: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None
    """None if it does not expire, like a Page token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A connected Instagram professional account."""

    account_id: str
    """`user_id` of `GET /me`: the id that webhooks carry."""
    flavour: LoginKind = LoginKind.INSTAGRAM_LOGIN
    username: str | None = None
    name: str | None = None
    page_id: str | None = None
    """The linked Page's id; only with the Facebook login."""
    app_user_id: str | None = None
    """The owner's id in Meta's callbacks; it is specific to the app."""
    scopes: tuple[str, ...] = ()
    subscribed_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an API call for an account needs."""

    flavour: LoginKind
    token: str = field(repr=False)
    page_id: str | None = None


_YOUNGEST = timedelta(hours=24)
_BEFORE_ITS_END = timedelta(days=10)
_WARNING_DAYS = (1, 7, 14)
_FIRST_RETRY = timedelta(hours=1)
_MAX_RETRY_DELAY = timedelta(hours=24)
_MAX_DOUBLINGS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenState:
    """The state of an account's access token."""

    account_id: str
    flavour: LoginKind
    status: AccountStatus
    because: str = ""
    """Why the token is dead."""
    issued_at: datetime
    expires_at: datetime | None
    refresh_failures: int = 0
    refresh_failed_at: datetime | None = None


def is_due(token: TokenState, now: datetime) -> bool:
    """Return whether to refresh the token now. Instagram allows it from 24 h after issue.

    A failed refresh is repeated after 1 h, then 2 h and so on up to once a day, until the token
    expires.
    """
    if token.flavour is not LoginKind.INSTAGRAM_LOGIN or token.status is AccountStatus.DEAD:
        return False
    if token.expires_at is None or now < token.issued_at + _YOUNGEST:
        return False
    if not token.expires_at - _BEFORE_ITS_END <= now < token.expires_at:
        return False
    return token.refresh_failed_at is None or now >= token.refresh_failed_at + _pause(token)


def token_problem(token: TokenState, now: datetime) -> str | None:
    """Return why the account cannot send, or None if it can."""
    if token.status is AccountStatus.DEAD:
        return f"{token.because}; connect the account again or paste a new token"
    if token.expires_at is not None and now >= token.expires_at:
        return "the access token has expired; connect the account again or paste a new token"
    return None


def warning(token: TokenState, now: datetime) -> str | None:
    """Return a warning if the token expires within 14, 7 or 1 days, else None."""
    if token.expires_at is None or token_problem(token, now):
        return None
    for days in _WARNING_DAYS:
        if token.expires_at - now <= timedelta(days=days):
            ends = f"the access token expires within {days} {'day' if days == 1 else 'days'}"
            return f"{ends}, at {token.expires_at:%Y-%m-%d %H:%M} UTC{_refreshing(token)}"
    return None


def _pause(token: TokenState) -> timedelta:
    doublings = min(max(token.refresh_failures - 1, 0), _MAX_DOUBLINGS)
    return min(_FIRST_RETRY * (1 << doublings), _MAX_RETRY_DELAY)


def _refreshing(token: TokenState) -> str:
    if token.refresh_failures:
        return f"; {token.refresh_failures} failed refreshes: connect the account again"
    return ""
