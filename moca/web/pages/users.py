from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import AddOperator, ChangeOperator, EndLinkSession, RemoveOperator
from moca.core.types import RESERVED_NAMES, OperatorRole, is_reserved
from moca.storage.queries.operators import (
    OperatorRecord,
    list_audit,
    list_link_sessions,
    list_operators,
    read_operator,
)
from moca.web.auth.guards import Guards
from moca.web.auth.passwords import hash_password
from moca.web.auth.weak_passwords import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    fault_in_password,
)
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import BESIDE_THE_FORM, Problem
from moca.web.forms import row_id_of, show_problems_on, text_field
from moca.web.pagination import read_cursor, write_cursor

_MAX_NAME_LENGTH = 80
_SHOWN = 50


def user_routes(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the administrators' pages of operators and of the activity log."""
    routes = Blueprint("users", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    def page(problem: str = "", refused: str = "") -> str:
        after = read_cursor(request.args.get("cursor"), parts=1)
        with ports.database.connection_context():
            operators, audit = list_operators(), list_audit(limit=_SHOWN, after=after)
            sessions = list_link_sessions(access.token.hash, clock.now())
        return render_template(
            "users.html",
            frame="layout.html",
            at="users",
            operators=operators,
            roles=tuple(OperatorRole),
            audit=audit.items,
            sessions=sessions,
            next_cursor=write_cursor(audit.next_key),
            shortest=MIN_PASSWORD_LENGTH,
            longest=MAX_PASSWORD_LENGTH,
            problem=problem,
            refused=refused,
            draft=request.form,
        )

    show_problems_on(routes, page, BESIDE_THE_FORM)

    @routes.get("/users")
    def users() -> str:
        return page()

    @routes.post("/users")
    def add() -> Response:
        name = text_field("name", longest=_MAX_NAME_LENGTH)
        if is_reserved(name):
            taken = ", ".join(sorted(RESERVED_NAMES))
            raise Problem(422, f"name: {taken} are reserved names")
        hashed = hash_password(_password(name))
        carry_out(AddOperator(name, _role(), hashed, clock.now()), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/right")
    def change_role(number: str) -> Response:
        operator = _find(number)
        carry_out(ChangeOperator(operator.id, _role(), name=operator.name), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/password")
    def set_password(number: str) -> Response:
        operator = _find(number)
        hashed = hash_password(_password(operator.name))
        change = ChangeOperator(operator.id, password_hash=hashed, name=operator.name)
        carry_out(change, ports, config)
        return redirect("/users", 303)

    @routes.get("/users/<number>/remove")
    def ask(number: str) -> str:
        return render_template("user_removal.html", at="users", operator=_find(number))

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
            raise Problem(404, "No user with this number.")
        return operator

    return routes


def _password(name: str) -> str:
    password = request.form.get("password", "")
    fault = fault_in_password(password, name)
    if fault is not None:
        raise Problem(422, f"password: {fault}")
    return password


def _role() -> OperatorRole:
    try:
        return OperatorRole(request.form.get("right", ""))
    except ValueError:
        raise Problem(422, f"right: must be one of {', '.join(OperatorRole)}") from None
