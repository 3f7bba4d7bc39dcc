from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee

from moca.core.operator_names import fold_name
from moca.core.types import Right
from moca.storage.db.operator_tables import AuditEntry, Login, Operator
from moca.storage.queries.pagination import Key, Page

_OPERATORS_SHOWN = 500
_SESSIONS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRecord:
    """A person who may log in."""

    id: int
    name: str
    right: Right
    password_hash: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    """A browser that is let in."""

    id: int
    operator: OperatorRecord | None
    """None if it opened the link."""
    address: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Who did what, and when."""

    id: int
    at: datetime
    who: str
    who_id: int | None
    what: str
    about: str


def list_operators() -> tuple[OperatorRecord, ...]:
    """List the operators by name."""
    query: Any = Operator.select().order_by(Operator.name).limit(_OPERATORS_SHOWN)
    return tuple(map(_record, query.dicts()))


def find_operator(name: str) -> OperatorRecord | None:
    """Look an operator up by name, else by one that differs in case; None if there is none."""
    query: Any = Operator.select()
    exact: Any = query.where(Operator.name == name).dicts().first()
    row = exact or query.where(Operator.folded_name == fold_name(name)).dicts().first()
    return None if row is None else _record(row)


def read_operator(operator_id: int) -> OperatorRecord | None:
    """Look an operator up by id; None if there is none."""
    row = Operator.select().where(Operator.id == operator_id).dicts().first()
    return None if row is None else _record(row)


def find_login(key: str, token_hash: str, at: datetime) -> LoginRecord | None:
    """Look a browser's login up by its key; None if it has ended.

    Args:
        key: the hash of what the browser shows.
        token_hash: of the token in force; sessions by another link have ended.
        at: the present instant.
    """
    rows = _logins((Login.key == key) & (Login.ends_at > at) & _by_link_of(token_hash))
    return next(map(_login, rows), None)


def list_link_sessions(token_hash: str, at: datetime) -> tuple[LoginRecord, ...]:
    """List the browsers that opened the link, the last seen first."""
    is_open = Login.operator.is_null() & (Login.ends_at > at) & _by_link_of(token_hash)
    rows = _logins(is_open).order_by(Login.seen_at.desc(), Login.id).limit(_SESSIONS_SHOWN)
    return tuple(map(_login, rows))


def _by_link_of(token_hash: str) -> Any:
    return Login.operator.is_null(is_null=False) | (Login.token_hash == token_hash)


def _logins(condition: Any) -> Any:
    query: Any = Login.select(Login, Operator).join(Operator, peewee.JOIN.LEFT_OUTER)
    return query.where(condition)


def _login(row: Any) -> LoginRecord:
    operator = None if row.operator is None else _record(row.operator.__data__)
    return LoginRecord(
        id=row.id,
        operator=operator,
        address=row.address,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
    )


def list_audit(*, limit: int, after: Key | None = None) -> Page[AuditRecord]:
    """List what was done, the latest first."""
    query: Any = AuditEntry.select()
    if after is not None:
        query = query.where(AuditEntry.id < after[0])
    rows = list(query.order_by(AuditEntry.id.desc()).limit(limit + 1).dicts())
    shown = tuple(AuditRecord(**row) for row in rows[:limit])
    return Page(shown, (shown[-1].id,) if len(rows) > limit else None)


def _record(row: dict[str, Any]) -> OperatorRecord:
    kept = {name: value for name, value in row.items() if name != "folded_name"}
    return OperatorRecord(**{**kept, "right": Right(row["right"])})
