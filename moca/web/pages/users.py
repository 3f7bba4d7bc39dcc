from collections.abc import Iterable

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import (
    ChangeOperator,
    EndLinkSession,
    LimitOperator,
    RemoveOperator,
)
from moca.core.types import USER_ROLES, OperatorRole
from moca.storage.queries.accounts import AccountRecord, list_accounts
from moca.storage.queries.operators import (
    OperatorRecord,
    list_audit,
    list_link_sessions,
    list_operators,
)
from moca.web.api.users import find_user, hashed_password, new_user
from moca.web.auth.guards import Guards
from moca.web.auth.weak_passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
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
        account_ids = _account_ids() if "sees" in request.form else ()
        carry_out(new_user(name, _role(), _password(), account_ids), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/accounts")
    def limit(number: str) -> Response:
        operator = find_user(ports, number)
        carry_out(LimitOperator(operator.id, _account_ids(), operator.name), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/right")
    def change_role(number: str) -> Response:
        operator = find_user(ports, number)
        carry_out(ChangeOperator(operator.id, _role(), name=operator.name), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/<number>/password")
    def set_password(number: str) -> Response:
        operator = find_user(ports, number)
        hashed = hashed_password(_password(), operator.name)
        change = ChangeOperator(operator.id, password_hash=hashed, name=operator.name)
        carry_out(change, ports, config)
        return redirect("/users", 303)

    @routes.get("/users/<number>/remove")
    def ask(number: str) -> str:
        return render_template("user_removal.html", at="users", operator=find_user(ports, number))

    @routes.post("/users/<number>/remove")
    def remove(number: str) -> Response:
        operator = find_user(ports, number)
        carry_out(RemoveOperator(operator.id, name=operator.name), ports, config)
        return redirect("/users", 303)

    @routes.post("/users/sessions/<number>/end")
    def end_session(number: str) -> Response:
        carry_out(EndLinkSession(row_id_of(number)), ports, config)
        return redirect("/users", 303)

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


def _password() -> str:
    return request.form.get("password", "")


def _role() -> OperatorRole:
    named = request.form.get("right", "")
    role = next((role for role in USER_ROLES if role == named), None)
    if role is None:
        raise Problem(422, f"right: must be one of {', '.join(USER_ROLES)}")
    return role
