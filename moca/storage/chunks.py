from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_VARIABLES = 9000


def in_chunks(values: Iterable[T], width: int = 1) -> Iterator[tuple[T, ...]]:
    """Cut rows of this many values into portions that one statement's variables can hold."""
    rest = iter(values)
    while chunk := tuple(islice(rest, _VARIABLES // width)):
        yield chunk
