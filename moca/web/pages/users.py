from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import (
    AddOperator,
    ChangeOperator,
    EndLinkSession,
    LimitOperator,
    RemoveOperator,
)
from moca.core.types import RESERVED_NAMES, USER_ROLES, OperatorRole, is_reserved
from moca.storage.queries.accounts import AccountRecord, list_accounts
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
_MAX_ID = 32
"""The length of an account's id."""


def user_routes(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the administrators' pages of operators and of the activity log."""
    routes = Blueprint("users", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    def page(problem: str = "", refused: str = "") -> str:
        after = read_cursor(request.args.get("cursor"), parts=1)
        with ports.database.connection_context():
            operators, audit = list_operators(), list_audit(limit=_SHOWN, after=after)
            accounts = list_accounts()
            sessions = list_link_sessions(access.token.hash, clock.now())
        return render_template(
            "users.html",
            frame="layout.html",
            at="users",
            operators=operators,
            accounts=_choices(accounts, operators),
            roles=USER_ROLES,
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
        account_ids = _account_ids() if "sees" in request.form else ()
        added = AddOperator(name, _role(), hashed, clock.now(), account_ids)
        carry_out(added, ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/accounts")
    def limit(number: str) -> Response:
        operator = _find(number)
        carry_out(LimitOperator(operator.id, _account_ids(), operator.name), ports, config)
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


def _choices(
    accounts: Iterable[AccountRecord], operators: Iterable[OperatorRecord]
) -> dict[str, str]:
    """Return the names of the accounts to choose from, by id; none while there is only one.

    An account that is not connected any more can still be chosen where it limits a user.
    """
    names = {each.account_id: each.username or each.name or each.account_id for each in accounts}
    limits = {account_id for each in operators for account_id in each.account_ids}
    choices = names | {each: each for each in sorted(limits - names.keys())}
    return choices if len(choices) > 1 or limits else {}


def _account_ids() -> tuple[str, ...]:
    """Return the accounts that a form limits a user to; none for all.

    Raises:
        Problem: 422 if they are to be limited, but to no account.
    """
    sees = request.form.get("sees")
    if sees == "all":
        return ()
    if sees != "chosen":
        raise Problem(422, "sees: must be all or chosen")
    chosen = tuple(sorted(set(request.form.getlist("account"))))
    if not chosen:
        raise Problem(422, "account: choose at least one, or all accounts")
    if not all(each.isascii() and each.isdecimal() and len(each) <= _MAX_ID for each in chosen):
        raise Problem(422, "account: must be the ID of an account")
    return chosen


def _password(name: str) -> str:
    password = request.form.get("password", "")
    fault = fault_in_password(password, name)
    if fault is not None:
        raise Problem(422, f"password: {fault}")
    return password


def _role() -> OperatorRole:
    named = request.form.get("right", "")
    role = next((role for role in USER_ROLES if role == named), None)
    if role is None:
        raise Problem(422, f"right: must be one of {', '.join(USER_ROLES)}")
    return role
