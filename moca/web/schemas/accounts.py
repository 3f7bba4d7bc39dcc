from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from moca.core.accounts import AccountStatus, Flavour
from moca.web.schemas.base import Described
from moca.web.schemas.requests import Body, Name, WrittenInstant
from moca.web.schemas.responses import Shape

Token = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[!-~]+$")]
Fields = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,64}$")], ...], Field(max_length=64)
]


class AccountBody(Body):
    """An account whose token Meta's dashboard gave."""

    account_id: Name = Field(description="user_id of GET /me, not its id.")
    access_token: Token = Field(repr=False)
    flavour: Flavour = Flavour.INSTAGRAM_LOGIN
    page_id: Name | None = Field(None, description="Facebook login needs it.")
    username: Name | None = None
    name: Name | None = None
    token_expires_at: WrittenInstant | None = Field(
        None, description="In 60 days where it is missing; a Page's token has no end."
    )
    subscribed_fields: Fields = ()

    @model_validator(mode="after")
    def _page_where_needed(self) -> "AccountBody":
        if self.flavour is Flavour.FACEBOOK_LOGIN and self.page_id is None:
            raise ValueError("page_id: facebook_login sends in the name of a Page")
        return self


class AccountPatch(Body):
    """What is to change."""

    access_token: Token | None = Field(None, repr=False)
    token_expires_at: WrittenInstant | None = None
    page_id: Name | None = None
    name: Name | None = None
    subscribed_fields: Fields | None = None

    @model_validator(mode="after")
    def _end_of_what(self) -> "AccountPatch":
        if self.token_expires_at is not None and self.access_token is None:
            raise ValueError("token_expires_at: it belongs to a new access_token")
        return self


class AccountPath(Described):
    """Which account."""

    account_id: str


class AccountShape(Shape):
    """A connected account; its token is never told."""

    account_id: str = Field(description="user_id of GET /me: the number that webhooks carry.")
    flavour: Flavour
    username: str | None
    name: str | None
    page_id: str | None = Field(description="Of the linked Page; Facebook login only.")
    scopes: tuple[str, ...]
    subscribed_fields: tuple[str, ...]
    status: AccountStatus
    because: str = Field(description="Why nothing can be sent, or will be soon.")
    created_at: AwareDatetime
    token_issued_at: AwareDatetime
    token_expires_at: AwareDatetime | None
    token_refreshed_at: AwareDatetime | None


class AccountsShape(Shape):
    """The connected accounts, oldest first."""

    items: tuple[AccountShape, ...]


class RemovedShape(Shape):
    """An account whose token is forgotten."""

    account_id: str
    removed: bool
    unsubscribed: bool = Field(description="Whether Meta sends no more webhooks of it.")
    because: str = Field(description="Why Meta may go on sending them; they are not answered.")
