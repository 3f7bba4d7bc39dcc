from pydantic import AwareDatetime, Field

from moca.core.account import AccountStatus, Flavour
from moca.web.shapes import Shape


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
