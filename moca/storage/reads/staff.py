from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.rights import Right
from moca.storage.reads.page import Key, Page
from moca.storage.staff import AuditEntry, Login, Operator

_OPERATORS_SHOWN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRecord:
    """A person who may log in."""

    id: int
    name: str
    right: Right
    password_hash: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Who did what, and when."""

    id: int
    at: datetime
    who: str
    what: str
    about: str


def list_operators() -> tuple[OperatorRecord, ...]:
    """List the operators by name."""
    query: Any = Operator.select().order_by(Operator.name).limit(_OPERATORS_SHOWN)
    return tuple(map(_record, query.dicts()))


def find_operator(name: str) -> OperatorRecord | None:
    """Look an operator up by name; None if nobody is called that."""
    row = Operator.select().where(Operator.name == name).dicts().first()
    return None if row is None else _record(row)


def read_operator(operator_id: int) -> OperatorRecord | None:
    """Look an operator up by id; None if there is none."""
    row = Operator.select().where(Operator.id == operator_id).dicts().first()
    return None if row is None else _record(row)


def who_logged_in(key: str, at: datetime) -> OperatorRecord | None:
    """Tell whose browser shows this key; None if it is not let in, or not any more."""
    lets_in = (Login.key == key) & (Login.ends_at > at)
    row = Operator.select(Operator).join(Login).where(lets_in).dicts().first()
    return None if row is None else _record(row)


def list_audit(*, limit: int, after: Key | None = None) -> Page[AuditRecord]:
    """List what was done, the latest first."""
    query: Any = AuditEntry.select()
    if after is not None:
        query = query.where(AuditEntry.id < after[0])
    rows = list(query.order_by(AuditEntry.id.desc()).limit(limit + 1).dicts())
    shown = tuple(AuditRecord(**row) for row in rows[:limit])
    return Page(shown, (shown[-1].id,) if len(rows) > limit else None)


def _record(row: dict[str, Any]) -> OperatorRecord:
    return OperatorRecord(**{**row, "right": Right(row["right"])})
