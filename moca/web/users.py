from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.staffing import AddOperator, ChangeOperator, RemoveOperator
from moca.core.rights import Right
from moca.storage.reads.staff import list_audit, list_operators
from moca.web.access import Access
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.cursor import read_cursor, write_cursor
from moca.web.forms import row_id_of, text_field
from moca.web.passwords import LONGEST, SHORTEST, hash_password
from moca.web.problems import Problem

_LONGEST_NAME = 80
_SHOWN = 50


def user_routes(ports: Ports, config: WebConfig, access: Access) -> Blueprint:
    """Build what administrators see of those who may log in, and of what everybody did."""
    routes = Blueprint("users", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    @routes.get("/users")
    def users() -> str:
        after = read_cursor(request.args.get("cursor"), parts=1)
        with ports.database.connection_context():
            operators, audit = list_operators(), list_audit(limit=_SHOWN, after=after)
        return render_template(
            "users.html",
            frame="layout.html",
            at="users",
            operators=operators,
            rights=tuple(Right),
            audit=audit.items,
            next_cursor=write_cursor(audit.next_key),
            shortest=SHORTEST,
            longest=LONGEST,
        )

    @routes.post("/users")
    def add() -> Response:
        name = text_field("name", longest=_LONGEST_NAME)
        hashed = hash_password(_password())
        carry_out(AddOperator(name, _right(), hashed, clock.now()), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/right")
    def change_right(number: str) -> Response:
        carry_out(ChangeOperator(row_id_of(number), right=_right()), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/password")
    def set_password(number: str) -> Response:
        hashed = hash_password(_password())
        carry_out(ChangeOperator(row_id_of(number), password_hash=hashed), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/remove")
    def remove(number: str) -> Response:
        carry_out(RemoveOperator(row_id_of(number)), ports, config)
        return redirect("/users", 303)

    return routes


def _password() -> str:
    password = request.form.get("password", "")
    if not SHORTEST <= len(password) <= LONGEST:
        raise Problem(422, f"password: it must have {SHORTEST} to {LONGEST} characters")
    return password


def _right() -> Right:
    try:
        return Right(request.form.get("right", ""))
    except ValueError:
        raise Problem(422, f"right: it is one of {', '.join(Right)}") from None
