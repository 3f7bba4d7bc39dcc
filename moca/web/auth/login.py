from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import CloseLogin, OpenLogin
from moca.core.types import fold_name
from moca.storage.queries.operators import OperatorRecord, find_operator
from moca.web.auth.client_address import place_of
from moca.web.auth.current_user import CurrentUser, set_current_user
from moca.web.auth.guards import Guards
from moca.web.auth.known_browser import KnownBrowsers
from moca.web.auth.login_limits import LoginLimits
from moca.web.auth.next_page import local_path
from moca.web.auth.passwords import is_right
from moca.web.auth.security_events import SecurityEvent
from moca.web.auth.sessions import SESSION_LASTS
from moca.web.auth.weak_passwords import MAX_PASSWORD_LENGTH
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem, error_response

_MAX_NAME_LENGTH = 80


class PasswordLogin:
    """Logs operators in by password. Thread-safe."""

    def __init__(self, ports: WebPorts, config: WebConfig, access: Guards) -> None:
        self._ports = ports
        self._config = config
        self._access = access
        self._limits = LoginLimits()
        self._browsers = KnownBrowsers(access.sessions)

    def log_in(self, name: str, password: str) -> Response:
        """Log an operator in and redirect to the page they wanted.

        Raises:
            Problem: 403 if name or password is wrong; 429 after too many attempts; else as
                `carry_out`.
        """
        note, place = self._access.events.note, place_of(request.remote_addr)
        operator: OperatorRecord | None = None
        try:
            if not self._browsers.may_be_known():
                # A flood is refused even before the database is queried.
                self._limits.require_room(place, clock.now())
            operator = self._find(name)
            is_known = self._tries(name, password, operator, place)
        except Problem:
            note(SecurityEvent.LOGIN_LOCKED, name, operator)
            raise
        if operator is None or not is_known:
            note(SecurityEvent.LOGIN_REFUSED, name, operator)
            raise Problem(403, "Incorrect name or password.")
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
        set_current_user(CurrentUser(operator.name, operator.role, operator.id))
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


def login_routes(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the routes for login and logout."""
    routes = Blueprint("logins", __name__)
    passwords = PasswordLogin(ports, config, access)

    @routes.get("/login")
    def form() -> Response:
        return _page()

    @routes.post("/login")
    def log_in() -> Response:
        if not access.comes_from_our_pages():
            return error_response(403, "Log in on Moca's own login page.")
        name = request.form.get("name", "").strip()[:_MAX_NAME_LENGTH]
        try:
            return passwords.log_in(name, request.form.get("password", "")[:MAX_PASSWORD_LENGTH])
        except Problem as problem:
            return _page(problem)

    @routes.post("/login/token")
    def log_in_with_token() -> Response:
        if not access.comes_from_our_pages():
            return error_response(403, "Log in on Moca's own login page.")
        try:
            if access.token.is_right(request.form.get("token", "").strip()):
                return access.open_link_session(_next())
        except Problem as problem:
            return _page(problem)
        return _page(Problem(403, "Incorrect token."))

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
