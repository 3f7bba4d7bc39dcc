import re

from moca.storage.queries.pagination import Key
from moca.web.errors import Problem

_CURSOR = re.compile(r"[0-9]{1,19}(?:-[0-9]{1,19})*")
MAX_ID = 2**63 - 1


def write_cursor(key: Key | None) -> str | None:
    """Encode where a list continues; opaque to clients."""
    return None if key is None else "-".join(map(str, key))


def read_cursor(cursor: str | None, *, parts: int) -> Key | None:
    """Decode a cursor.

    Raises:
        Problem: If it is not a cursor of this list.
    """
    if cursor is None:
        return None
    key = tuple(map(int, cursor.split("-"))) if _CURSOR.fullmatch(cursor) else ()
    if len(key) != parts or max(key) > MAX_ID:
        raise Problem(422, "cursor: is not a cursor of this list")
    return key


def read_row_id(text: str) -> int | None:
    """Read a row's id from a URL; None if no row can have it."""
    number = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0
    return number if 0 < number <= MAX_ID else None
