from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import ChangeOwnPassword
from moca.storage.queries.operators import OperatorRecord, read_operator
from moca.web.auth.current_user import visitor
from moca.web.auth.guards import Access
from moca.web.auth.passwords import LONGEST, SHORTEST, Throttle, hash_password, is_right
from moca.web.auth.sessions import Sessions
from moca.web.auth.too_many import too_many
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem

_TRIES = 5


class OwnPassword:
    """Changes the password of the operator who asks, if they know the old one. Any thread."""

    def __init__(self, ports: Ports, config: WebConfig, sessions: Sessions) -> None:
        self._ports = ports
        self._config = config
        self._sessions = sessions
        self._throttle = Throttle(_TRIES)

    def change(self, old: str, new: str) -> None:
        """Change it, and let in no other browser of theirs than the one at hand.

        Raises:
            Problem: 403, the old one is wrong, or whoever asks has none; 422, the new one is too
                short or too long; 429, too many tries; else as `carry_out`.
        """
        operator = self.owner()
        if not SHORTEST <= len(new) <= LONGEST:
            raise Problem(422, f"new: it must have {SHORTEST} to {LONGEST} characters")
        self._count_try(operator)
        if not is_right(old[:LONGEST], operator.password_hash):
            raise Problem(403, "The old password is wrong.")
        kept = self._sessions.key_shown() or ""
        hashed = hash_password(new)
        command = ChangeOwnPassword(operator.id, operator.password_hash, hashed, kept)
        carry_out(command, self._ports, self._config)

    def owner(self) -> OperatorRecord:
        """Tell who asks.

        Raises:
            Problem: 403, they did not log in by name.
        """
        known = visitor()
        operator_id = known.operator_id if known else None
        with self._ports.database.connection_context():
            operator = None if operator_id is None else read_operator(operator_id)
        if operator is None:
            raise Problem(403, "Only who logged in by name has a password.")
        return operator

    def _count_try(self, operator: OperatorRecord) -> None:
        now, name = clock.now(), str(operator.id)
        free_at = self._throttle.begin(name, now)
        if free_at > now:
            raise too_many("tries", free_at - now)


def own_pages(own: OwnPassword, access: Access) -> Blueprint:
    """Build what operators see of themselves, and where they change their password."""
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
        "own.html",
        at="me",
        operator=own.owner(),
        problem=problem,
        is_changed=not problem and "changed" in request.args,
        shortest=SHORTEST,
        longest=LONGEST,
    )
    return Response(html, status, mimetype="text/html")
