from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from moca.instagram.ids import read_id
from moca.instagram.payload import DefaultOnError
from moca.instagram.transport import is_token


def _usable(token: str) -> str:
    if not is_token(token):
        raise ValueError("no token")
    return token


def _parted(value: object) -> object:
    return tuple(filter(None, value.split(","))) if isinstance(value, str) else value


Id = Annotated[str, BeforeValidator(read_id)]
Token = Annotated[str, AfterValidator(_usable), Field(repr=False)]
Told = Annotated[str | None, DefaultOnError(None)]


class ShortToken(BaseModel):
    """The answer to a code; Meta may wrap it in a list of one."""

    access_token: Token
    permissions: Annotated[tuple[str, ...], BeforeValidator(_parted)] = ()

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, value: object) -> object:
        data = value.get("data") if isinstance(value, dict) else None
        return data[0] if isinstance(data, list) and data else value


class LongToken(BaseModel):
    """A token valid for two months; `expires_in` is in seconds."""

    access_token: Token
    expires_in: Annotated[int | None, DefaultOnError(None)] = None

    @property
    def lifetime(self) -> timedelta | None:
        """Return the remaining lifetime; None if it does not expire."""
        return timedelta(seconds=self.expires_in) if self.expires_in else None


class InstagramAccount(BaseModel):
    """The token's account; `user_id` is the number in webhooks, `id` is scoped to the app."""

    user_id: Id
    id: Annotated[str | None, BeforeValidator(read_id)] = None
    username: Told = None
    name: Told = None


class LinkedAccount(BaseModel):
    """The Instagram account of a Page."""

    id: Id
    username: Told = None


class FacebookPage(BaseModel):
    """A Page, or the user who manages Pages."""

    id: Id
    name: Told = None
    access_token: Annotated[str, Field(repr=False)] = ""
    instagram_business_account: LinkedAccount | None = None


class FacebookPages(BaseModel):
    """A user's Pages."""

    data: list[FacebookPage]


class Subscribed(BaseModel):
    """The answer to a subscription."""

    success: Literal[True]
