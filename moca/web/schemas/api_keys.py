from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from moca.core.types import OperatorRole
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody, WrittenInstant
from moca.web.schemas.responses import ResponseModel

MAX_KEY_NAME_LENGTH = 80
MAX_KEY_ACCOUNTS = 50

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,32}$")]


class Scope(StrEnum):
    """What a key may do: each scope includes those before it."""

    READ = "read"
    DRAFT = "draft"
    REPLY = "reply"
    MANAGE = "manage"

    @property
    def role(self) -> OperatorRole:
        """Return the role of an operator who may do as much."""
        return next(role for role in OperatorRole if role.scope == self)


class ApiKeyBody(RequestBody):
    """A new API key."""

    name: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True,
            min_length=1,
            max_length=MAX_KEY_NAME_LENGTH,
            pattern=r"^[^\x00-\x1f\x7f]+$",
        ),
        Field(description="Unique; stands in the activity log."),
    ]
    scope: Scope
    accounts: tuple[AccountId, ...] = Field(
        (), max_length=MAX_KEY_ACCOUNTS, description="Limits it to these accounts; empty for all."
    )
    expires_at: WrittenInstant | None = Field(None, description="Null: never.")


class ApiKeyPath(SchemaModel):
    """The key in the path."""

    key_id: str = Field(description="ID of the key.")


class ApiKeyShape(ResponseModel):
    """An API key, without the key itself."""

    id: str
    name: str
    scope: Scope
    accounts: tuple[str, ...] = Field(validation_alias="account_ids")
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None = Field(
        validation_alias="used_at", description="To about ten minutes."
    )


class NewApiKeyShape(ApiKeyShape):
    """A new API key, with the key itself, which is never shown again."""

    key: str


class ApiKeysShape(ResponseModel):
    """All API keys, sorted by name."""

    items: tuple[ApiKeyShape, ...]


class ApiKeyRevokedShape(ResponseModel):
    """A revoked key."""

    id: str
    revoked: bool
