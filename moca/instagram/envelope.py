import contextlib
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic_core import from_json

_LONGEST_NUMBER = 400
_DEEPEST = 64
UNKNOWN_ENTRY = "entry"
_FORMS = frozenset({"messaging", "standby", "changes", "field"})
_BRACKET_OR_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotJson(ValueError):  # noqa: N818
    """Raised when a webhook's body is not JSON; the answer is 400."""


class NotInstagram(ValueError):  # noqa: N818
    """Raised when a webhook's `object` is not `instagram`; the answer is 404."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing a webhook tells, out of whichever envelope it came in, not yet understood."""

    account: object
    """The entry's id as it was written."""
    field: object
    """`messaging`, `standby`, what the change calls itself, or `UNKNOWN_ENTRY`."""
    value: object


def read_items(body: bytes) -> Iterator[Item]:
    """Take every item out of every entry.

    Raises:
        NotJson: the body cannot be read at all.
        NotInstagram: it can, and speaks of something else.
        RecursionError: it is nested too deeply; see `without_deep_nesting`.
    """
    for document in _documents(_read_json(body)):
        for entry in _each(document.get("entry")):
            if isinstance(entry, dict):
                yield from _items_of(entry)


def without_deep_nesting(body: bytes) -> bytes:
    """Put null for whatever lies deeper than anything of Meta's, so that the rest can be read."""
    kept: list[bytes] = []
    depth = start = 0
    for token in _BRACKET_OR_STRING.finditer(body):
        match token[0]:
            case b"[" | b"{":
                depth += 1
                if depth == _DEEPEST:
                    kept += [body[start : token.start()], b"null"]
            case b"]" | b"}":
                if depth == _DEEPEST:
                    start = token.end()
                depth -= 1
    return b"".join(kept) + (body[start:] if depth < _DEEPEST else b"")


def _read_json(body: bytes) -> object:
    # Four times as quick, but it refuses some of what a webhook may hold: half a surrogate, say.
    with contextlib.suppress(ValueError):
        return from_json(body)
    try:
        document: object = json.loads(body, parse_int=_whole_number)
    except ValueError as error:
        raise NotJson("the body is not JSON") from error
    return document


def _whole_number(digits: str) -> float:
    # Python refuses to read integers past some thousand digits, which would cost the whole body.
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf


def _documents(document: object) -> list[dict[str, object]]:
    found = [
        each
        for each in (document if isinstance(document, list) else [document])
        if isinstance(each, dict) and each.get("object") == "instagram"
    ]
    if not found:
        raise NotInstagram("the body's object is not instagram")
    return found


def _items_of(entry: dict[str, object]) -> Iterator[Item]:
    account = entry.get("id")
    for field in ("messaging", "standby"):
        for value in _each(entry.get(field)):
            yield Item(account, field, value)
    for change in _each(entry.get("changes")):
        told = change if isinstance(change, dict) else {}
        yield Item(account, told.get("field"), told.get("value"))
    if "field" in entry:
        yield Item(account, entry["field"], entry.get("value"))
    if not _FORMS & entry.keys() and entry.keys() - {"id", "time"}:
        yield Item(account, UNKNOWN_ENTRY, entry)


def _each(value: object) -> Iterable[object]:
    if isinstance(value, list):
        return value
    return (value,) if isinstance(value, dict) else ()
