from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

NOT_CONNECTED = "the account is neither connected nor the one in the settings"
REMOVED = "the account was removed"
"""Why a message to an account is not answered."""


class WrongKey(Exception):  # noqa: N818 - it reads as what it is
    """Raised where tokens cannot be sealed or read with the key at hand; says what to do."""


class Flavour(StrEnum):
    """By which login an account is connected; each has its own Graph host."""

    INSTAGRAM_LOGIN = "instagram_login"
    FACEBOOK_LOGIN = "facebook_login"


class AccountStatus(StrEnum):
    """Whether calls can be made in an account's name."""

    ACTIVE = "active"
    DEAD = "dead"
    """Its token no longer works; only a new one helps."""


@dataclass(frozen=True, slots=True)
class SealedToken:
    """An access token as it is kept: readable only with the key."""

    sealed: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime | None = None
    """None where it has no end, as a Page's has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An Instagram professional account as it is connected."""

    account_id: str
    """`user_id` of `GET /me`: the number that webhooks carry."""
    flavour: Flavour = Flavour.INSTAGRAM_LOGIN
    username: str | None = None
    name: str | None = None
    page_id: str | None = None
    """Of the linked Page; only the Facebook login has one."""
    app_user_id: str | None = None
    """The id by which Meta's callbacks name the owner; it belongs to the app."""
    scopes: tuple[str, ...] = ()
    subscribed_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a call in an account's name needs."""

    flavour: Flavour
    token: str = field(repr=False)
    page_id: str | None = None


_YOUNGEST = timedelta(hours=24)
_BEFORE_ITS_END = timedelta(days=10)
_WARNING_DAYS = (1, 7, 14)
_FIRST_RETRY = timedelta(hours=1)
_LONGEST_RETRY = timedelta(hours=24)
_MOST_DOUBLINGS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenState:
    """How an account's token is."""

    account_id: str
    flavour: Flavour
    status: AccountStatus
    because: str = ""
    """Why it is dead."""
    issued_at: datetime
    expires_at: datetime | None
    refresh_failures: int = 0
    refresh_failed_at: datetime | None = None


def is_due(token: TokenState, now: datetime) -> bool:
    """Tell whether a token is to be refreshed now; Instagram allows it from 24 h on.

    A refresh that failed is tried again after 1 h, then 2 h, up to once a day, until the end.
    """
    if token.flavour is not Flavour.INSTAGRAM_LOGIN or token.status is AccountStatus.DEAD:
        return False
    if token.expires_at is None or now < token.issued_at + _YOUNGEST:
        return False
    if not token.expires_at - _BEFORE_ITS_END <= now < token.expires_at:
        return False
    return token.refresh_failed_at is None or now >= token.refresh_failed_at + _pause(token)


def ailment(token: TokenState, now: datetime) -> str | None:
    """Say why nothing can be sent in an account's name; None where it can."""
    if token.status is AccountStatus.DEAD:
        return f"{token.because}; connect the account again or PATCH a new token"
    if token.expires_at is not None and now >= token.expires_at:
        return "the access token has expired; connect the account again or PATCH a new token"
    return None


def warning(token: TokenState, now: datetime) -> str | None:
    """Say that a token's end comes near: within 14, 7 or 1 days; None where it does not."""
    if token.expires_at is None or ailment(token, now):
        return None
    for days in _WARNING_DAYS:
        if token.expires_at - now <= timedelta(days=days):
            ends = f"the access token ends within {days} {'day' if days == 1 else 'days'}"
            return f"{ends}, at {token.expires_at:%Y-%m-%d %H:%M} UTC{_refreshing(token)}"
    return None


def _pause(token: TokenState) -> timedelta:
    doublings = min(max(token.refresh_failures - 1, 0), _MOST_DOUBLINGS)
    return min(_FIRST_RETRY * (1 << doublings), _LONGEST_RETRY)


def _refreshing(token: TokenState) -> str:
    if token.refresh_failures:
        return f"; {token.refresh_failures} refreshes failed: connect the account again"
    return ""
