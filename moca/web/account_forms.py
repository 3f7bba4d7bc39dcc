from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from moca.core.account import Flavour
from moca.web.described import Described
from moca.web.requests import Body, Name, WrittenInstant

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
