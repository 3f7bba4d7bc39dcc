from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from moca.core.accounts import AccountStatus, LoginKind
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.bots import BotName
from moca.web.schemas.requests import Name, RequestBody, WrittenInstant
from moca.web.schemas.responses import ResponseModel

Token = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[!-~]+$")]
Fields = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")], ...], Field(max_length=64)
]


class AccountBody(RequestBody):
    """An account with a token from Meta's dashboard."""

    account_id: Name = Field(description="The user_id of GET /me, not its id.")
    access_token: Token = Field(repr=False)
    flavour: LoginKind = LoginKind.INSTAGRAM_LOGIN
    page_id: Name | None = Field(None, description="Required for facebook_login.")
    username: Name | None = None
    name: Name | None = None
    token_expires_at: WrittenInstant | None = Field(
        None, description="Defaults to 60 days from now; Page tokens do not expire."
    )
    subscribed_fields: Fields = ()

    @model_validator(mode="after")
    def _page_where_needed(self) -> "AccountBody":
        if self.flavour is LoginKind.FACEBOOK_LOGIN and self.page_id is None:
            raise ValueError("page_id: is required for facebook_login")
        return self


class AccountPatch(RequestBody):
    """The changes to an account."""

    access_token: Token | None = Field(None, repr=False)
    token_expires_at: WrittenInstant | None = None
    page_id: Name | None = None
    name: Name | None = None
    subscribed_fields: Fields | None = None
    bot: BotName | None = Field(
        None, description="Name of the bot that answers for it; default is that of the settings."
    )

    @model_validator(mode="after")
    def _end_of_what(self) -> "AccountPatch":
        if self.token_expires_at is not None and self.access_token is None:
            raise ValueError("token_expires_at: needs a new access_token")
        return self


class AccountPath(SchemaModel):
    """The account in the path."""

    account_id: str = Field(description="The user_id of GET /me.")


class AccountShape(ResponseModel):
    """A connected account; its token is never returned."""

    account_id: str = Field(description="The user_id of GET /me, as used in webhooks.")
    flavour: LoginKind
    username: str | None
    name: str | None
    page_id: str | None = Field(description="ID of the linked Facebook Page; facebook_login only.")
    scopes: tuple[str, ...]
    subscribed_fields: tuple[str, ...]
    bot: str = Field(description="Name of the bot that answers for it.")
    status: AccountStatus
    because: str = Field(description="Why the account cannot send, or soon will not be able to.")
    created_at: AwareDatetime
    token_issued_at: AwareDatetime
    token_expires_at: AwareDatetime | None
    token_refreshed_at: AwareDatetime | None


class AccountsShape(ResponseModel):
    """The connected accounts, oldest first."""

    items: tuple[AccountShape, ...]


class RemovedShape(ResponseModel):
    """An account whose token is deleted."""

    account_id: str
    removed: bool
    unsubscribed: bool = Field(
        description="Whether Meta has stopped sending this account's webhooks."
    )
    because: str = Field(
        description="Why Meta may keep sending webhooks; Moca does not answer them."
    )
