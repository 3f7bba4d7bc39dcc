from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import CloseLogin, OpenLogin
from moca.core.operator_names import fold_name
from moca.storage.queries.operators import OperatorRecord, find_operator
from moca.web.auth.client_address import place_of
from moca.web.auth.current_user import Visitor, let_in
from moca.web.auth.guards import Access
from moca.web.auth.known_browser import KnownBrowsers
from moca.web.auth.login_limits import LoginLimits
from moca.web.auth.next_page import local_path
from moca.web.auth.passwords import LONGEST, is_right
from moca.web.auth.security_events import SecurityEvent
from moca.web.auth.sessions import SESSION_LASTS
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem, told

_LONGEST_NAME = 80


class PasswordLogin:
    """Lets operators in who know their password. For any thread."""

    def __init__(self, ports: Ports, config: WebConfig, access: Access) -> None:
        self._ports = ports
        self._config = config
        self._access = access
        self._limits = LoginLimits()
        self._browsers = KnownBrowsers(access.sessions)

    def log_in(self, name: str, password: str) -> Response:
        """Let an operator in and lead on to where they were going.

        Raises:
            Problem: 403, name or password is wrong; 429, too many tries; else as `carry_out`.
        """
        note, place = self._access.events.note, place_of(request.remote_addr)
        operator: OperatorRecord | None = None
        try:
            if not self._browsers.may_be_known():
                # A flood is refused before even the database is asked.
                self._limits.require_room(place, clock.now())
            operator = self._find(name)
            is_known = self._tries(name, password, operator, place)
        except Problem:
            note(SecurityEvent.LOGIN_LOCKED, name, operator)
            raise
        if operator is None or not is_known:
            note(SecurityEvent.LOGIN_REFUSED, name, operator)
            raise Problem(403, "Name or password is wrong.")
        return self._open(operator)

    def _find(self, name: str) -> OperatorRecord | None:
        with self._ports.database.connection_context():
            return None if "\x00" in name else find_operator(name)

    def _tries(self, name: str, password: str, operator: OperatorRecord | None, place: str) -> bool:
        browser = self._browsers.find(operator)
        attempt = self._limits.begin(fold_name(name), place, browser, clock.now())
        try:
            is_known = is_right(password, operator.password_hash if operator else None)
        except Problem:
            attempt.take_back()
            raise
        if is_known:
            attempt.take_back()
        return is_known

    def _open(self, operator: OperatorRecord) -> Response:
        shown, key = self._access.sessions.new_key()
        now = clock.now()
        let_in(Visitor(operator.name, operator.right, operator.id))
        opening = OpenLogin(
            key,
            operator.id,
            operator.password_hash,
            now,
            now + SESSION_LASTS,
            address=request.remote_addr or "",
        )
        carry_out(opening, self._ports, self._config)
        self._access.events.note(SecurityEvent.LOGGED_IN, operator.name, operator)
        answer = self._access.sessions.give(redirect(_next(), 303), shown)
        return self._browsers.remember(answer, operator)


def login_routes(ports: Ports, config: WebConfig, access: Access) -> Blueprint:
    """Build how people come in, and go."""
    routes = Blueprint("logins", __name__)
    passwords = PasswordLogin(ports, config, access)

    @routes.get("/login")
    def form() -> Response:
        return _page()

    @routes.post("/login")
    def log_in() -> Response:
        if not access.comes_from_our_pages():
            return told(403, "Log in from Moca's own page.")
        name = request.form.get("name", "").strip()[:_LONGEST_NAME]
        try:
            return passwords.log_in(name, request.form.get("password", "")[:LONGEST])
        except Problem as problem:
            return _page(problem)

    @routes.post("/login/token")
    def log_in_with_token() -> Response:
        if not access.comes_from_our_pages():
            return told(403, "Log in from Moca's own page.")
        try:
            if access.token.is_right(request.form.get("token", "").strip()):
                return access.open_link_session(_next())
        except Problem as problem:
            return _page(problem)
        return _page(Problem(403, "This is not the token."))

    @routes.post("/logout")
    def log_out() -> Response:
        refused = access.guard_page_to_leave()
        if refused is not None:
            return refused
        key = access.sessions.key_shown()
        if key is not None:
            carry_out(CloseLogin(key), ports, config)
        return access.sessions.take_back(redirect("/login", 303))

    return routes


def _next() -> str:
    return local_path(request.values.get("next", "/"))


def _page(problem: Problem | None = None) -> Response:
    html = render_template(
        "login.html",
        problem=problem.message if problem else "",
        name=request.form.get("name", ""),
        next=_next(),
    )
    answer = Response(html, problem.status if problem else 200, mimetype="text/html")
    if problem is not None and problem.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(problem.retry_after_seconds)
    answer.headers["Cache-Control"] = "no-store"
    return answer
