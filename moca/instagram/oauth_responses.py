from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from moca.instagram.ids import read_id
from moca.instagram.payload import Otherwise
from moca.instagram.transport import is_token


def _usable(token: str) -> str:
    if not is_token(token):
        raise ValueError("no token")
    return token


def _parted(value: object) -> object:
    return tuple(filter(None, value.split(","))) if isinstance(value, str) else value


Id = Annotated[str, BeforeValidator(read_id)]
Token = Annotated[str, AfterValidator(_usable), Field(repr=False)]
Told = Annotated[str | None, Otherwise(None)]


class ShortToken(BaseModel):
    """What a code is exchanged for; Meta wraps it in a list of one, or does not."""

    access_token: Token
    permissions: Annotated[tuple[str, ...], BeforeValidator(_parted)] = ()

    @model_validator(mode="before")
    @classmethod
    def _unwrapped(cls, value: Any) -> Any:
        data = value.get("data") if isinstance(value, dict) else None
        return data[0] if isinstance(data, list) and data else value


class LongToken(BaseModel):
    """A token that lives for two months; `expires_in` counts seconds."""

    access_token: Token
    expires_in: Annotated[int | None, Otherwise(None)] = None

    @property
    def lifetime(self) -> timedelta | None:
        """How long it lives from now on; None where it has no end."""
        return timedelta(seconds=self.expires_in) if self.expires_in else None


class InstagramAccount(BaseModel):
    """Who a token speaks for; `user_id` is the number that webhooks carry, `id` the app's own."""

    user_id: Id
    id: Annotated[str | None, BeforeValidator(read_id)] = None
    username: Told = None
    name: Told = None


class LinkedAccount(BaseModel):
    """The Instagram account of a Page."""

    id: Id
    username: Told = None


class Page(BaseModel):
    """A Page, or the person whose Pages they are."""

    id: Id
    name: Told = None
    access_token: Annotated[str, Field(repr=False)] = ""
    instagram_business_account: LinkedAccount | None = None


class Pages(BaseModel):
    """The Pages of a person."""

    data: list[Page]


class Subscribed(BaseModel):
    """The answer to a subscription."""

    success: Literal[True]
