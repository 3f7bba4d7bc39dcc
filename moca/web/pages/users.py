from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import AddOperator, ChangeOperator, EndLinkSession, RemoveOperator
from moca.core.operator_names import RESERVED_NAMES, is_reserved
from moca.core.types import Right
from moca.storage.queries.operators import (
    OperatorRecord,
    list_audit,
    list_link_sessions,
    list_operators,
    read_operator,
)
from moca.web.auth.guards import Access
from moca.web.auth.passwords import LONGEST, SHORTEST, hash_password
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.forms import row_id_of, text_field
from moca.web.pagination import read_cursor, write_cursor

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
            sessions = list_link_sessions(access.token.hash, clock.now())
        return render_template(
            "users.html",
            frame="layout.html",
            at="users",
            operators=operators,
            rights=tuple(Right),
            audit=audit.items,
            sessions=sessions,
            next_cursor=write_cursor(audit.next_key),
            shortest=SHORTEST,
            longest=LONGEST,
        )

    @routes.post("/users")
    def add() -> Response:
        name = text_field("name", longest=_LONGEST_NAME)
        if is_reserved(name):
            taken = ", ".join(sorted(RESERVED_NAMES))
            raise Problem(422, f"name: {taken} are Moca's own names in the audit log")
        hashed = hash_password(_password())
        carry_out(AddOperator(name, _right(), hashed, clock.now()), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/right")
    def change_right(number: str) -> Response:
        operator = _find(number)
        carry_out(ChangeOperator(operator.id, _right(), name=operator.name), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/password")
    def set_password(number: str) -> Response:
        operator, hashed = _find(number), hash_password(_password())
        change = ChangeOperator(operator.id, password_hash=hashed, name=operator.name)
        carry_out(change, ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/remove")
    def remove(number: str) -> Response:
        operator = _find(number)
        carry_out(RemoveOperator(operator.id, name=operator.name), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/sessions/<number>/end")
    def end_session(number: str) -> Response:
        carry_out(EndLinkSession(row_id_of(number)), ports, config)
        return redirect("/users", 303)

    def _find(number: str) -> OperatorRecord:
        with ports.database.connection_context():
            operator = read_operator(row_id_of(number))
        if operator is None:
            raise Problem(404, "There is nobody with this number.")
        return operator

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
