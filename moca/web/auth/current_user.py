from dataclasses import dataclass
from typing import cast

from flask import g

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.types import OperatorRole, author_display_name


@dataclass(frozen=True, slots=True)
class CurrentUser:
    """The user of the request, and what they may do."""

    name: str
    role: OperatorRole
    operator_id: int | None = None
    """None for users of the printed link or the API token."""
    login_id: int | None = None
    """Of the browser's session; None for the API token."""
    key_id: int | None = None
    """Of the API key."""
    account_scope: AccountScope = ALL_ACCOUNTS

    @property
    def number(self) -> int | None:
        """Return the id of operator, session or key, which identifies them in the audit log."""
        return self.operator_id or self.login_id or self.key_id

    def may(self, role: str) -> bool:
        """Return whether they have a permission."""
        return self.role.includes(OperatorRole(role))


BY_TOKEN = CurrentUser("token", OperatorRole.ADMINISTERS)


def by_link(login_id: int | None = None) -> CurrentUser:
    """Return the user of a browser that opened the link."""
    return CurrentUser("link", OperatorRole.ADMINISTERS, login_id=login_id)


def set_current_user(user: CurrentUser) -> None:
    """Set the user for the rest of the request."""
    g.current_user = user


def author_name() -> str:
    """Return the name shown for what is written in this request."""
    known = current_user()
    if known is None or known.operator_id is not None:
        return "" if known is None else known.name
    return "API" if known is BY_TOKEN or known.key_id is not None else "Administrator"


def drafter_name() -> str:
    """Return the name by which the team knows who drafts a reply in this request."""
    known = current_user()
    return "" if known is None else author_display_name(known.name)


def author_id() -> int | None:
    """Return the operator of this request; None for the link and the API token."""
    known = current_user()
    return None if known is None else known.operator_id


def current_scope() -> AccountScope:
    """Return which accounts the user of the request sees; without one, none."""
    known = current_user()
    return AccountScope(frozenset()) if known is None else known.account_scope


def agent_name() -> str:
    """Return the name that contacts may read; empty for users of the link and the API token."""
    return "" if author_id() is None else author_name()


def current_user() -> CurrentUser | None:
    """Return the user of the request; None if it is not authenticated."""
    return cast("CurrentUser | None", g.get("current_user"))
