from math import ceil

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.staffing import CloseLogin, OpenLogin
from moca.storage.reads.staff import OperatorRecord, find_operator
from moca.web.access import Access
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.passwords import LONGEST, is_right
from moca.web.problems import told
from moca.web.sessions import COOKIE, SESSION_LASTS
from moca.web.throttle import Throttle
from moca.web.visitor import Visitor, let_in

_LONGEST_NAME = 80
_TRIES_FROM_ONE_PLACE = 5
_TRIES_FROM_ANYWHERE = 30


def login_routes(ports: Ports, config: WebConfig, access: Access) -> Blueprint:
    """Build how operators come in, and go."""
    routes = Blueprint("logins", __name__)
    from_one_place, from_anywhere = Throttle(_TRIES_FROM_ONE_PLACE), Throttle(_TRIES_FROM_ANYWHERE)

    @routes.get("/login")
    def form() -> Response:
        return _page(200)

    @routes.post("/login")
    def log_in() -> Response:
        if not access.comes_from_our_pages():
            return told(403, "Log in from Moca's own page.")
        now, name = clock.now(), request.form.get("name", "").strip()[:_LONGEST_NAME]
        place = f"{name}\n{request.remote_addr}"
        free_at = from_one_place.begin(place, now)
        if free_at <= now:
            # Not before: whoever is refused in one place must not shut out those elsewhere.
            free_at = from_anywhere.begin(name, now)
        if free_at > now:
            minutes = ceil((free_at - now).total_seconds() / 60)
            return _page(429, f"Too many tries. Wait {minutes} min.")
        operator = _known(name)
        if operator is None:
            return _page(403, "Name or password is wrong.")
        from_one_place.take_back(place, now)
        from_anywhere.take_back(name, now)
        return _open(operator)

    @routes.post("/logout")
    def log_out() -> Response:
        refused = access.guard_page_to_leave()
        if refused is not None:
            return refused
        key = access.sessions.key_shown()
        if key is not None:
            carry_out(CloseLogin(key), ports, config)
        answer = redirect("/login", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _known(name: str) -> OperatorRecord | None:
        password = request.form.get("password", "")
        with ports.database.connection_context():
            operator = None if "\x00" in name else find_operator(name)
        known_hash = None if operator is None else operator.password_hash
        return operator if is_right(password[:LONGEST], known_hash) else None

    def _open(operator: OperatorRecord) -> Response:
        shown, key = access.sessions.new_key()
        now = clock.now()
        let_in(Visitor(operator.name, operator.right, operator.id))
        until = now + SESSION_LASTS
        carry_out(OpenLogin(key, operator.id, operator.password_hash, now, until), ports, config)
        return access.sessions.give(redirect("/", 303), shown)

    return routes


def _page(status: int, problem: str = "") -> Response:
    html = render_template("login.html", problem=problem, name=request.form.get("name", ""))
    answer = Response(html, status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    return answer
