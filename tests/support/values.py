import re
from collections.abc import Iterable
from typing import TypeVar

from moca.storage.db.tables import Table

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """Return what is there; fail if there is nothing."""
    assert value is not None
    return value


def only(values: Iterable[object], kind: type[Value]) -> Value:
    """Return the single value; fail if it is of another kind."""
    (value,) = values
    return of_kind(value, kind)


def of_kind(value: object, kind: type[Value]) -> Value:
    """Return the value; fail if it is of another kind."""
    assert isinstance(value, kind), value
    return value


def captured(pattern: str, text: str) -> str:
    """Return the first group of a pattern; fail if the text does not match it."""
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in {text}"
    return str(found[1])


def id_of(row: Table, foreign_key: str) -> int | None:
    """Return the bare id in a foreign key's column, an attribute unknown to Peewee's stubs."""
    found: int | None = getattr(row, f"{foreign_key}_id")
    return found
