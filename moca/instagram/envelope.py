import contextlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic_core import from_json

_MAX_DIGITS = 400
_DEEPEST = 64
UNKNOWN_ENTRY = "entry"
_FORMS = frozenset({"messaging", "standby", "changes", "field"})
_BRACKET_OR_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotJson(ValueError):  # noqa: N818
    """Raised if a webhook's body is not JSON; the answer is 400."""


class NotInstagram(ValueError):  # noqa: N818
    """Raised if a webhook's `object` is not `instagram`; the answer is 404."""


@dataclass(frozen=True, slots=True)
class WebhookItem:
    """One item of a webhook, whatever its envelope, not yet interpreted."""

    account: object
    """The entry's id as received."""
    field: object
    """`messaging`, `standby`, the name of the change, or `UNKNOWN_ENTRY`."""
    value: object


def read_items(body: bytes) -> Iterator[WebhookItem]:
    """Yield every item of every entry; of those that are empty, only the first of a list.

    Raises:
        NotJson: If the body cannot be parsed.
        NotInstagram: If it can, but concerns something else.
        RecursionError: If it is nested too deeply; see `without_deep_nesting`.
    """
    for document in _documents(_read_json(body)):
        for entry in _each(document.get("entry")):
            if isinstance(entry, dict):
                yield from _items_of(entry)


def share_of(body: bytes, is_kept: Sequence[bool]) -> bytes:
    """Return a webhook with only some of a body's items, in the same order.

    `is_kept` holds a flag per item, in the order of `read_items`.

    Raises:
        NotJson: If the body cannot be parsed.
        NotInstagram: If it can, but concerns something else.
    """
    try:
        items = list(read_items(body))
    except RecursionError:
        items = list(read_items(without_deep_nesting(body)))
    kept = [item for item, is_in in zip(items, is_kept, strict=True) if is_in]
    document = {"object": "instagram", "entry": [_entry_of(item) for item in kept]}
    return json.dumps(document, separators=(",", ":")).encode()


def _entry_of(item: WebhookItem) -> object:
    if item.field == UNKNOWN_ENTRY:
        return item.value
    if item.field in ("messaging", "standby"):
        return {"id": item.account, str(item.field): [item.value]}
    return {"id": item.account, "changes": [{"field": item.field, "value": item.value}]}


def without_deep_nesting(body: bytes) -> bytes:
    """Replace values nested deeper than any of Meta's with null, so that the rest can be read."""
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
    # Four times as fast, but it refuses some valid webhooks: half a surrogate, for example.
    with contextlib.suppress(ValueError):
        return from_json(body)
    try:
        document: object = json.loads(body, parse_int=_whole_number)
    except ValueError as error:
        raise NotJson("the body is not JSON") from error
    return document


def _whole_number(digits: str) -> float:
    # Python refuses to parse integers of several thousand digits, which would lose the whole body.
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _documents(document: object) -> list[dict[str, object]]:
    found = [
        each
        for each in (document if isinstance(document, list) else [document])
        if isinstance(each, dict) and each.get("object") == "instagram"
    ]
    if not found:
        raise NotInstagram("the body's object is not instagram")
    return found


def _items_of(entry: dict[str, object]) -> Iterator[WebhookItem]:
    account = entry.get("id")
    for field in ("messaging", "standby"):
        for value in _each(entry.get(field)):
            yield WebhookItem(account, field, value)
    for change in _each(entry.get("changes")):
        fields = change if isinstance(change, dict) else {}
        yield WebhookItem(account, fields.get("field"), fields.get("value"))
    if "field" in entry:
        yield WebhookItem(account, entry["field"], entry.get("value"))
    if not _FORMS & entry.keys() and entry.keys() - {"id", "time"}:
        yield WebhookItem(account, UNKNOWN_ENTRY, entry)


def _each(value: object) -> Iterable[object]:
    if isinstance(value, list):
        return _without_more_of_nothing(value)
    return (value,) if isinstance(value, dict) else ()


def _without_more_of_nothing(values: list[object]) -> Iterator[object]:
    # A body has room for millions of these, and each would be understood and counted.
    seen: set[bool] = set()
    for value in values:
        is_object = isinstance(value, dict)
        if not (is_object and value):
            if is_object in seen:
                continue
            seen.add(is_object)
        yield value
