from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from moca.core.types import OperatorRole
from moca.web.auth.weak_passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from moca.web.schemas.api_keys import AccountId
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody
from moca.web.schemas.responses import ResponseModel

MAX_USER_NAME_LENGTH = 80
MAX_USER_ACCOUNTS = 500

Password = Annotated[str, StringConstraints(max_length=MAX_PASSWORD_LENGTH)]
UserAccounts = Annotated[tuple[AccountId, ...], Field(max_length=MAX_USER_ACCOUNTS)]


class UserRole(StrEnum):
    """What a user may do: Viewer, Agent, Admin. Each includes those before it."""

    READS = "reads"
    ANSWERS = "answers"
    ADMINISTERS = "administers"

    @property
    def role(self) -> OperatorRole:
        """Return the role as it is stored."""
        return OperatorRole(self)


class UserBody(RequestBody):
    """A new user."""

    name: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True,
            min_length=1,
            max_length=MAX_USER_NAME_LENGTH,
            pattern=r"^[^\x00-\x1f\x7f]+$",
        ),
        Field(description="Unique; the name to log in with."),
    ]
    password: Password = Field(
        repr=False, description=f"At least {MIN_PASSWORD_LENGTH} characters, hard to guess."
    )
    role: UserRole
    accounts: UserAccounts = Field(
        (), description="Limits them to these accounts; empty for all. Admins see all."
    )


class UserPatch(RequestBody):
    """A change to a user: exactly one of these."""

    role: UserRole | None = Field(None, description="Logs them out everywhere.")
    password: Password | None = Field(
        None, repr=False, description="A new password; logs them out everywhere."
    )
    accounts: UserAccounts | None = Field(
        None, description="Limits them to these accounts from now on; empty for all."
    )

    @model_validator(mode="after")
    def _has_one_change(self) -> Self:
        changes = (self.role, self.password, self.accounts)
        if sum(each is not None for each in changes) != 1:
            raise ValueError("must have exactly one of role, password and accounts")
        return self


class UserPath(SchemaModel):
    """The user in the path."""

    user_id: str = Field(description="ID of the user.")


class UserShape(ResponseModel):
    """A person who can log in."""

    id: str
    name: str
    role: UserRole
    accounts: tuple[str, ...] = Field(
        validation_alias="account_ids", description="Which they are limited to; empty for all."
    )
    created_at: AwareDatetime


class UsersShape(ResponseModel):
    """The users, sorted by name."""

    items: tuple[UserShape, ...]


class UserRemovedShape(ResponseModel):
    """A removed user."""

    id: str
    removed: bool
