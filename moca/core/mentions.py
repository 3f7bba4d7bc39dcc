import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from unicodedata import normalize

from moca.core.types import fold_name

MAX_MENTIONS = 20
"""Of different operators in a note; further ones stay text."""
_MAX_MARKS = 100
"""How many `@` of a text are looked at."""
# Within addresses an @ names no one, and a handle such as @ana.lund is not @ana.
_MARK = re.compile(r"(?<![\w@/.])@(?=\S)")
_END = re.compile(r"(?!\w)(?![.@-]\w)")


class MentionSpan(NamedTuple):
    """Where a text names an operator, from the `@` on."""

    start: int
    end: int
    name: str


def find_mentions(text: str, names: Iterable[str]) -> tuple[MentionSpan, ...]:
    """Return where a text names operators: `@` and a whole name, in whatever case.

    Args:
        text: A note.
        names: Of the operators; the longest that fits is meant, and of equals the one spelt so.
    """
    exact = set(names)
    folded = {fold_name(name): name for name in exact}
    spelt = (*exact, *folded, *(normalize("NFD", name) for name in exact))
    lengths = sorted({len(name) for name in spelt}, reverse=True)
    found: list[MentionSpan] = []
    for start in _marks(text):
        spans = (_span(text, start, start + 1 + length, exact, folded) for length in lengths)
        span = next(filter(None, spans), None)
        known = {each.name for each in found}
        if span is not None and (span.name in known or len(known) < MAX_MENTIONS):
            found.append(span)
    return tuple(found)


def _marks(text: str) -> Iterator[int]:
    for found, _ in zip(_MARK.finditer(text), range(_MAX_MARKS), strict=False):
        yield found.start()


def _span(
    text: str, start: int, end: int, exact: set[str], folded: dict[str, str]
) -> MentionSpan | None:
    word = text[start + 1 : end]
    if end > len(text) or not _END.match(text, end):
        return None
    name = word if word in exact else folded.get(fold_name(word))
    return None if name is None else MentionSpan(start, end, name)
