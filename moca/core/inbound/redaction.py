import json
import re
from collections.abc import Callable, Iterable

_KEPT = ("mid", "is_echo", "is_self", "num_edit")
_TOKEN_KEY = b'"notification_messages_token"'
_TOKEN = re.compile(_TOKEN_KEY + rb'\s*:\s*(?:"(?:[^"\\]|\\.)*+"|[^,}\]\s]++)', re.DOTALL)


def without_tokens(body: bytes) -> bytes:
    """Return a webhook's body without opt-in tokens, which would allow sending messages."""
    return _TOKEN.sub(_TOKEN_KEY + b':""', body) if _TOKEN_KEY in body else body


def redacted(body: bytes, mid: str) -> bytes:
    """Return a webhook's body with a message's content removed and the message marked as deleted.

    If the body does not show the message by its id, or cannot be parsed, the result is empty:
    nothing that was unsent may stay in it.
    """
    try:
        document = json.loads(body)
        found = _redact(document, mid)
    except (ValueError, RecursionError):
        return b""
    return json.dumps(document, separators=(",", ":")).encode() if found else b""


def _redact(value: object, mid: str) -> bool:
    if isinstance(value, list):
        return _redact_each(value, mid)
    if not isinstance(value, dict):
        return False
    if str(value.get("mid")) == mid and "action" not in value:
        kept = {key: value[key] for key in _KEPT if key in value}
        value.clear()
        value.update(kept | {"is_deleted": True})
        return True
    return _redact_each(value.values(), mid)


def _redact_each(values: Iterable[object], mid: str) -> bool:
    found = False
    for value in values:
        found = _redact(value, mid) or found
    return found


def mentions(*names: str) -> Callable[[bytes], bool]:
    """Return a test for whether a JSON body names all of these ids, as strings or as numbers.

    Only whole ids match: "1" is not found in "17", nor in a number that is not an id.
    """
    patterns = [re.compile(_pattern(name)) for name in names]
    return lambda body: all(pattern.search(body) for pattern in patterns)


def _pattern(name: str) -> bytes:
    spellings = {json.dumps(name), json.dumps(name, ensure_ascii=False)}
    found = [re.escape(each.encode("utf-8", "surrogatepass")) for each in sorted(spellings)]
    if name.isascii() and name.isdigit():
        found.append(rb'"id"\s*:\s*' + name.encode() + rb"(?![0-9])")
    return b"|".join(found)
