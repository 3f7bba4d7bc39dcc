from dataclasses import dataclass
from typing import Generic, TypeVar

Record = TypeVar("Record")
Key = tuple[int, ...]
"""Where a list goes on: the sort columns of the last row shown, as the database holds them."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Record]):
    """A stretch of a list, and the key after which the next one starts; None at the end."""

    items: tuple[Record, ...]
    next_key: Key | None
