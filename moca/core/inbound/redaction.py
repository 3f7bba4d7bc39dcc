import json
import re
from collections.abc import Callable, Iterable

_KEPT = ("mid", "is_echo", "is_self", "num_edit")
_TOKEN_KEY = b'"notification_messages_token"'
_TOKEN = re.compile(_TOKEN_KEY + rb'\s*:\s*(?:"(?:[^"\\]|\\.)*+"|[^,}\]\s]++)', re.DOTALL)


def without_tokens(body: bytes) -> bytes:
    """Return a webhook's body without the token of an opt-in, by which messages can be sent."""
    return _TOKEN.sub(_TOKEN_KEY + b':""', body) if _TOKEN_KEY in body else body


def scrubbed(body: bytes, mid: str) -> bytes:
    """Take what a message said out of a webhook's body; the message itself reads as unsent.

    A body that does not show the message by its id, or cannot be read, is emptied: nothing that
    was unsent may stay in it.
    """
    try:
        document = json.loads(body)
        found = _scrub(document, mid)
    except (ValueError, RecursionError):
        return b""
    return json.dumps(document, separators=(",", ":")).encode() if found else b""


def _scrub(value: object, mid: str) -> bool:
    if isinstance(value, list):
        return _scrub_each(value, mid)
    if not isinstance(value, dict):
        return False
    if str(value.get("mid")) == mid and "action" not in value:
        kept = {key: value[key] for key in _KEPT if key in value}
        value.clear()
        value.update(kept | {"is_deleted": True})
        return True
    return _scrub_each(value.values(), mid)


def _scrub_each(values: Iterable[object], mid: str) -> bool:
    found = False
    for value in values:
        found = _scrub(value, mid) or found
    return found


def mentions(*names: str) -> Callable[[bytes], bool]:
    """Make a test whether a JSON body names all of these ids, as text or as numbers.

    An id is found whole only: "1" is not found in "17", nor as some other number.
    """
    patterns = [re.compile(_pattern(name)) for name in names]
    return lambda body: all(pattern.search(body) for pattern in patterns)


def _pattern(name: str) -> bytes:
    spellings = {json.dumps(name), json.dumps(name, ensure_ascii=False)}
    found = [re.escape(each.encode("utf-8", "surrogatepass")) for each in sorted(spellings)]
    if name.isascii() and name.isdigit():
        found.append(rb'"id"\s*:\s*' + name.encode() + rb"(?![0-9])")
    return b"|".join(found)
