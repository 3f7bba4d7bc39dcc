from collections.abc import Iterable
from typing import Any

from peewee import BaseQuery


def read_rows(query: BaseQuery) -> Iterable[tuple[Any, ...]]:
    """Return a query's rows as tuples; the query runs when they are iterated."""
    return query.tuples()


def read_dicts(query: BaseQuery) -> Iterable[dict[str, Any]]:
    """Return a query's rows by column name; the query runs when they are iterated."""
    return query.dicts()
