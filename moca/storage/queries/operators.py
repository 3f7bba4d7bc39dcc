from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee

from moca.core.account_scope import AccountScope
from moca.core.types import OperatorRole, fold_name
from moca.storage.db.operator_tables import AuditEntry, Login, Operator
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.statements import Prepared
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.team.account_scope import accounts_of_operators, scope_of_role

_OPERATORS_SHOWN = 500
_SESSIONS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRecord:
    """A person who can log in."""

    id: int
    name: str
    role: OperatorRole
    password_hash: str = field(repr=False)
    created_at: datetime
    account_ids: tuple[str, ...] = ()
    """Which accounts they are limited to; empty for no limit."""

    @property
    def account_scope(self) -> AccountScope:
        """Return which accounts they see."""
        return scope_of_role(self.role, self.account_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRecord:
    """A browser session."""

    id: int
    operator: OperatorRecord | None
    """None for a session opened with the login link."""
    address: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry of the audit log."""

    id: int
    at: datetime
    who: str
    who_id: int | None
    what: str
    about: str


def list_operators() -> tuple[OperatorRecord, ...]:
    """Return the operators, sorted by name."""
    query = Operator.select().order_by(Operator.name).limit(_OPERATORS_SHOWN)
    return _records(read_dicts(query))


def has_operators() -> bool:
    """Return whether there are operators."""
    return bool(Operator.select().exists())


def find_operator(name: str) -> OperatorRecord | None:
    """Return an operator by name, exact or else folded; None if there is none."""
    query = Operator.select()
    exact = query.where(Operator.name == name).dicts().first()
    row = exact or query.where(Operator.folded_name == fold_name(name)).dicts().first()
    return next(iter(_records([row] if row else [])), None)


def read_operator(operator_id: int) -> OperatorRecord | None:
    """Return an operator by id, or None."""
    row = Operator.select().where(Operator.id == operator_id).dicts().first()
    return next(iter(_records([row] if row else [])), None)


def find_login(key: str, token_hash: str, at: datetime) -> LoginRecord | None:
    """Return the session of a browser by its key; None if it has ended.

    Args:
        key: the hash of the browser's session token.
        token_hash: the hash of the current token; sessions from another link have ended.
        at: the current time.
    """
    return next(map(_login, _WITH_KEY.rows(key, token_hash, at)), None)


def list_link_sessions(token_hash: str, at: datetime) -> tuple[LoginRecord, ...]:
    """Return the open sessions from the login link, most recently used first."""
    is_open = Login.operator.is_null() & (Login.ends_at > at) & _by_link_of(token_hash)
    rows = _logins(is_open).order_by(Login.seen_at.desc(), Login.id).limit(_SESSIONS_SHOWN)
    return tuple(map(_login, read_rows(rows)))


def _by_link_of(token_hash: str | peewee.Node) -> Any:
    return Login.operator.is_null(is_null=False) | (Login.token_hash == token_hash)


def _logins(condition: Any) -> Any:
    query = Login.select(Login.id, Login.address, Login.opened_at, Login.seen_at, *_OPERATOR)
    return query.join(Operator, peewee.JOIN.LEFT_OUTER).where(condition)


_OPERATOR = (
    Operator.id,
    Operator.name,
    Operator.role,
    Operator.password_hash,
    Operator.created_at,
)
_WITH_KEY = Prepared(
    Login,
    lambda key, token_hash, at: _logins(
        (Login.key == key) & (Login.ends_at > at) & _by_link_of(token_hash)
    ),
)


def _login(row: Sequence[Any]) -> LoginRecord:
    login_id, address, opened_at, seen_at, *operator = row
    named = {field.name: value for field, value in zip(_OPERATOR, operator, strict=True)}
    operators = _records([] if named["id"] is None else [named])
    return LoginRecord(
        id=login_id,
        operator=next(iter(operators), None),
        address=address,
        opened_at=opened_at,
        seen_at=seen_at,
    )


def list_audit(*, limit: int, after: Key | None = None) -> Page[AuditRecord]:
    """Return audit entries, newest first."""
    query = AuditEntry.select()
    if after is not None:
        query = query.where(AuditEntry.id < after[0])
    rows = list(read_dicts(query.order_by(AuditEntry.id.desc()).limit(limit + 1)))
    shown = tuple(AuditRecord(**row) for row in rows[:limit])
    return Page(shown, (shown[-1].id,) if len(rows) > limit else None)


def _records(rows: Iterable[dict[str, Any]]) -> tuple[OperatorRecord, ...]:
    read = tuple(rows)
    accounts = accounts_of_operators([row["id"] for row in read])
    return tuple(_record(row, accounts.get(row["id"], ())) for row in read)


def _record(row: dict[str, Any], account_ids: tuple[str, ...]) -> OperatorRecord:
    kept = {name: value for name, value in row.items() if name != "folded_name"}
    role = OperatorRole(row["role"])
    return OperatorRecord(**{**kept, "role": role, "account_ids": account_ids})
