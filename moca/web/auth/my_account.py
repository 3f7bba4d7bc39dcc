from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import ChangeOwnPassword
from moca.storage.queries.operators import OperatorRecord, read_operator
from moca.web.auth.current_user import current_user
from moca.web.auth.guards import Guards
from moca.web.auth.passwords import LoginThrottle, hash_password, is_right
from moca.web.auth.sessions import Sessions
from moca.web.auth.too_many import too_many
from moca.web.auth.weak_passwords import (
    MAX_PASSWORD_LENGTH,
    MIN_PASSWORD_LENGTH,
    fault_in_password,
)
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem

_TRIES = 5


class OwnPassword:
    """Changes the current operator's password, given the old one. Thread-safe."""

    def __init__(self, ports: WebPorts, config: WebConfig, sessions: Sessions) -> None:
        self._ports = ports
        self._config = config
        self._sessions = sessions
        self._throttle = LoginThrottle(_TRIES)

    def change(self, old: str, new: str) -> None:
        """Change the password, and log the operator out of every other browser.

        Raises:
            Problem: 403 if the old one is wrong or the user has none; 422 if the new one
                must not be used; 429 after too many attempts; else as `carry_out`.
        """
        operator = self.owner()
        fault = fault_in_password(new, operator.name)
        if fault is not None:
            raise Problem(422, f"new: {fault}")
        self._count_try(operator)
        if not is_right(old[:MAX_PASSWORD_LENGTH], operator.password_hash):
            raise Problem(403, "Incorrect current password.")
        kept = self._sessions.key_shown() or ""
        hashed = hash_password(new)
        command = ChangeOwnPassword(operator.id, operator.password_hash, hashed, kept)
        carry_out(command, self._ports, self._config)

    def owner(self) -> OperatorRecord:
        """Return the current operator.

        Raises:
            Problem: 403 if the user did not log in by name.
        """
        known = current_user()
        operator_id = known.operator_id if known else None
        with self._ports.database.connection_context():
            operator = None if operator_id is None else read_operator(operator_id)
        if operator is None:
            raise Problem(403, "Only users who logged in with a name have a password.")
        return operator

    def _count_try(self, operator: OperatorRecord) -> None:
        now, name = clock.now(), str(operator.id)
        free_at = self._throttle.begin(name, now)
        if free_at > now:
            raise too_many("attempts", free_at - now)


def own_pages(own: OwnPassword, access: Guards) -> Blueprint:
    """Return the pages on which operators see their own account and change the password."""
    routes = Blueprint("own_pages", __name__)
    routes.before_request(access.guard_own_page)

    @routes.get("/me")
    def me() -> Response:
        return _page(own)

    @routes.post("/me/password")
    def change() -> Response:
        try:
            own.change(request.form.get("old", ""), request.form.get("new", ""))
        except Problem as problem:
            return _page(own, problem.status, problem.message)
        return redirect("/me?changed=1", 303)

    return routes


def _page(own: OwnPassword, status: int = 200, problem: str = "") -> Response:
    html = render_template(
        "my_account.html",
        at="me",
        operator=own.owner(),
        problem=problem,
        is_changed=not problem and "changed" in request.args,
        shortest=MIN_PASSWORD_LENGTH,
        longest=MAX_PASSWORD_LENGTH,
    )
    return Response(html, status, mimetype="text/html")
