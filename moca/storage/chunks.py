from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_VARIABLES = 9000


def in_chunks(values: Iterable[T], width: int = 1) -> Iterator[tuple[T, ...]]:
    """Cut rows of this many values into portions that one statement's variables can hold."""
    rest = iter(values)
    while chunk := tuple(islice(rest, _VARIABLES // width)):
        yield chunk


def in_halving_chunks(rows: Sequence[T], width: int) -> Iterator[Sequence[T]]:
    """Cut rows into portions whose lengths are powers of two, the long ones first.

    So a statement is needed in a few lengths only, and the database keeps each compiled.
    """
    start, longest = 0, _power_of_two(_VARIABLES // width)
    while start < len(rows):
        length = min(longest, _power_of_two(len(rows) - start))
        yield rows[start : start + length]
        start += length


def _power_of_two(most: int) -> int:
    return 1 << (most.bit_length() - 1)
