from dataclasses import dataclass, field
from datetime import datetime
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
