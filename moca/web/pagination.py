import re

from moca.storage.queries.pagination import Key
from moca.web.errors import Problem

_CURSOR = re.compile(r"[0-9]{1,19}(?:-[0-9]{1,19})*")
_LARGEST = 2**63 - 1


def write_cursor(key: Key | None) -> str | None:
    """Write where a list goes on; clients must take it as it is."""
    return None if key is None else "-".join(map(str, key))


def read_cursor(cursor: str | None, *, parts: int) -> Key | None:
    """Read it back.

    Raises:
        Problem: it is not one that this list gave.
    """
    if cursor is None:
        return None
    key = tuple(map(int, cursor.split("-"))) if _CURSOR.fullmatch(cursor) else ()
    if len(key) != parts or max(key) > _LARGEST:
        raise Problem(422, "cursor: this list never gave it")
    return key


def read_row_id(text: str) -> int | None:
    """Read an id out of an address; None where no row can have it."""
    number = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0
    return number if 0 < number <= _LARGEST else None
