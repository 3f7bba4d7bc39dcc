from datetime import UTC, datetime, timedelta

from flask import request

from moca.core.types import Priority
from moca.web.errors import Problem
from moca.web.pagination import read_row_id

_LATEST = timedelta(days=365)
_WIDEST_OFFSET_MINUTES = 14 * 60 + 15


def text_field(name: str, *, longest: int, needed: bool = True) -> str:
    """Read a text that was typed into a form.

    Raises:
        Problem: 422, it is missing, too long, or holds what cannot be stored.
    """
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if needed and not text:
        raise Problem(422, f"{name}: it must not be empty")
    if len(text) > longest:
        raise Problem(422, f"{name}: it must not be longer than {longest} characters")
    if "\x00" in text:
        raise Problem(422, f"{name}: it must not hold NUL")
    return text


def lines_field(name: str, *, longest: int) -> tuple[str, ...]:
    """Read the lines that were typed into a form, all of them together no longer than this.

    Raises:
        Problem: 422, they are too long, or hold what cannot be stored.
    """
    lines = text_field(name, longest=longest, needed=False).splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def number_field(name: str, *, most: int) -> int | None:
    """Read a whole number of at least 1; None where nothing was given.

    Raises:
        Problem: 422, it is no such number.
    """
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(most))
    number = int(typed) if is_number else 0
    if not 1 <= number <= most:
        raise Problem(422, f"{name}: it must be a number from 1 to {most}")
    return number


def priority_field() -> Priority:
    """Read which reply goes first.

    Raises:
        Problem: 422, there is no such priority.
    """
    try:
        return Priority[request.form.get("priority", "normal").upper()]
    except KeyError:
        raise Problem(422, "priority: it is one of high, normal, low") from None


def instant_field(name: str, at: datetime) -> datetime | None:
    """Read an instant to come as a browser writes it, in the zone that `offset` minutes tell.

    Raises:
        Problem: 422, it is none, or it is past or too far.
    """
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    try:
        offset = int(request.form.get("offset") or "0")
        instant = datetime.fromisoformat(typed).replace(tzinfo=UTC)
    except ValueError:
        raise Problem(422, f"{name}: it must be a date and a time") from None
    if abs(offset) > _WIDEST_OFFSET_MINUTES:
        raise Problem(422, "offset: no time zone is so far off")
    # A year at the calendar's edge leaves no room to move.
    if not at.year - 1 <= instant.year <= at.year + 2:
        raise Problem(422, f"{name}: it must lie between now and a year from now")
    instant += timedelta(minutes=offset)
    if not at - timedelta(minutes=1) <= instant <= at + _LATEST:
        raise Problem(422, f"{name}: it must lie between now and a year from now")
    return instant


def row_id_of(number: str) -> int:
    """Read an id out of an address.

    Raises:
        Problem: 404, no row can have it.
    """
    row_id = read_row_id(number)
    if row_id is None:
        raise Problem(404, "There is nothing with this number.")
    return row_id
