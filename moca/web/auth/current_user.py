from dataclasses import dataclass
from typing import cast

from flask import g

from moca.core.types import Right


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, and what they may do."""

    name: str
    right: Right
    operator_id: int | None = None
    """None for whoever has the printed link or the API token."""
    login_id: int | None = None
    """Of the browser's session; None for the bearer of the API token."""

    @property
    def number(self) -> int | None:
        """The operator's, else the session's: what the audit log tells them apart by."""
        return self.operator_id or self.login_id

    def may(self, right: str) -> bool:
        """Tell whether they may do what takes this right."""
        return self.right.includes(Right(right))


BY_TOKEN = Visitor("token", Right.ADMINISTERS)


def by_link(login_id: int | None = None) -> Visitor:
    """Make the visitor of a browser that opened the link."""
    return Visitor("link", Right.ADMINISTERS, login_id=login_id)


def let_in(visitor: Visitor) -> None:
    """Remember who asks, for as long as the request lasts."""
    g.visitor = visitor


def author_name() -> str:
    """Return the name under which what is written in this request is shown."""
    known = visitor()
    if known is None or known.operator_id is not None:
        return "" if known is None else known.name
    return "API" if known is BY_TOKEN else "Administrator"


def visitor() -> Visitor | None:
    """Tell who asks; None where nobody was let in."""
    return cast("Visitor | None", g.get("visitor"))
