from collections.abc import Callable, Container, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Blueprint, Response, g, request
from pydantic import BaseModel, ValidationError

from moca.core.types import Priority
from moca.web.errors import Problem, problem_response
from moca.web.pagination import read_row_id

Body = TypeVar("Body", bound=BaseModel)

_LATEST = timedelta(days=365)
_WIDEST_OFFSET_MINUTES = 14 * 60 + 15


def show_problems(routes: Blueprint, show: Callable[[Problem], Response]) -> None:
    """Show the problems of a page's forms on that page, but plainly if its address is refused.

    Call it after the guards are registered: a request that they have not let in is shown no page.
    """

    @routes.before_request
    def admit() -> None:
        g.is_admitted = True

    @routes.errorhandler(Problem)
    def handle(problem: Problem) -> Response:
        if "is_admitted" not in g:
            return problem_response(problem)
        try:
            return show(problem)
        except Problem:  # The address itself is refused: it names no page.
            return problem_response(problem)


def show_problems_on(
    routes: Blueprint, page: Callable[[str, str], str], statuses: Container[int] = range(400, 600)
) -> None:
    """Show the problems of forms on the page where they are, with what was written.

    Args:
        routes: The page's and its forms'.
        page: Renders the page with a problem and the `number` of the form's row, or "new".
        statuses: All others lead to a page of their own, as for those who may not see this one.
    """

    def show(problem: Problem) -> Response:
        if problem.status not in statuses or request.method != "POST":
            return problem_response(problem)
        refused = (request.view_args or {}).get("number", "new")
        return Response(page(problem.message, refused), problem.status, mimetype="text/html")

    show_problems(routes, show)


def validated(body: type[Body], values: Mapping[str, object]) -> Body:
    """Return a form's values as the body of the API's request that does the same.

    Raises:
        Problem: With their first fault.
    """
    try:
        return body.model_validate(values)
    except ValidationError as error:
        (first, *_) = error.errors(include_url=False, include_input=False)
        raise Problem(422, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def text_field(
    name: str, *, longest: int | None = None, max_bytes: int | None = None, needed: bool = True
) -> str:
    """Read a text field of a form.

    Raises:
        Problem: 422 if it is missing, too long, or cannot be stored.
    """
    text = request.form.get(name, "").replace("\r\n", "\n").strip()
    if needed and not text:
        raise Problem(422, f"{name}: must not be empty")
    if longest is not None and len(text) > longest:
        raise Problem(422, f"{name}: must not be longer than {longest} characters")
    if max_bytes is not None and len(text.encode()) > max_bytes:
        raise Problem(422, f"{name}: must not be longer than {max_bytes} bytes of UTF-8")
    if "\x00" in text:
        raise Problem(422, f"{name}: must not contain NUL")
    return text


def lines_field(name: str, *, longest: int) -> tuple[str, ...]:
    """Read the lines of a text field, within a total length.

    Raises:
        Problem: 422 if they are too long, or cannot be stored.
    """
    lines = text_field(name, longest=longest, needed=False).splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def number_field(name: str, *, most: int) -> int | None:
    """Read a whole number of at least 1; None if the field is empty.

    Raises:
        Problem: 422 if it is not such a number.
    """
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(most))
    number = int(typed) if is_number else 0
    if not 1 <= number <= most:
        raise Problem(422, f"{name}: must be a number from 1 to {most}")
    return number


def priority_field() -> Priority:
    """Read a reply's priority.

    Raises:
        Problem: 422 if there is no such priority.
    """
    try:
        return Priority[request.form.get("priority", "normal").upper()]
    except KeyError:
        raise Problem(422, "priority: must be high, normal or low") from None


def instant_field(name: str, at: datetime) -> datetime | None:
    """Read a future instant as browsers write it, in the zone given by `offset` minutes.

    Raises:
        Problem: 422 if it is invalid, past or too far ahead.
    """
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    try:
        offset = int(request.form.get("offset") or "0")
        instant = datetime.fromisoformat(typed).replace(tzinfo=UTC)
    except ValueError:
        raise Problem(422, f"{name}: must be a date and time") from None
    if abs(offset) > _WIDEST_OFFSET_MINUTES:
        raise Problem(422, "offset: is not a time zone offset")
    # A year at the calendar's edge leaves no room to shift.
    if not at.year - 1 <= instant.year <= at.year + 2:
        raise Problem(422, f"{name}: must be between now and one year from now")
    instant += timedelta(minutes=offset)
    if not at - timedelta(minutes=1) <= instant <= at + _LATEST:
        raise Problem(422, f"{name}: must be between now and one year from now")
    return instant


def zone_field() -> ZoneInfo:
    """Read the time zone of the browser, from a form or the URL; UTC if it names none.

    Raises:
        Problem: 422 if there is no such zone.
    """
    try:
        return ZoneInfo(request.values.get("zone") or "UTC")
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise Problem(422, "zone: must be a time zone such as Europe/Berlin") from None


def local_instant_field(name: str, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Read a future instant as browsers write it, in a time zone; None if the field is empty.

    Raises:
        Problem: 422 if it is invalid, past or too far ahead.
    """
    typed = request.form.get(name, "").strip()
    if not typed:
        return None
    try:
        instant = datetime.fromisoformat(typed).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem(422, f"{name}: must be a date and time") from None
    if not at < instant <= at + _LATEST:
        raise Problem(422, f"{name}: must be between now and one year from now")
    return instant


def row_id_of(number: str) -> int:
    """Read a row's id from a URL.

    Raises:
        Problem: 404 if no row can have it.
    """
    row_id = read_row_id(number)
    if row_id is None:
        raise Problem(404, "Nothing found with this number.")
    return row_id
