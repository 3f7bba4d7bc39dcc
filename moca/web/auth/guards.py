from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog
from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import MarkLoginSeen, OpenLinkSession
from moca.core.types import Right
from moca.storage.queries.operators import LoginRecord, find_login
from moca.web.auth.api_token import ApiToken
from moca.web.auth.current_user import BY_TOKEN, Visitor, by_link, let_in, visitor
from moca.web.auth.next_page import login_address
from moca.web.auth.security_events import SecurityEvent, SecurityEvents
from moca.web.auth.sessions import SESSION_LASTS, Sessions
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import problem, told

_LOG = structlog.get_logger(__name__)
_SEEN_AGAIN_AFTER = timedelta(minutes=10)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """Decides who may see and change things: operators, and whoever bears the token or its link.

    Its guards are blueprints' `before_request` functions: None lets the request in.
    """

    def __init__(self, ports: Ports, config: WebConfig, events: SecurityEvents) -> None:
        self._ports = ports
        self._config = config
        self._origin = config.public_origin.rstrip("/")
        self.events = events
        self.token = ApiToken(config.api_token, events)
        self.sessions = Sessions(is_secure=config.is_secure)

    def guard_api(self) -> Response | None:
        """Let the token's bearer in, and a session's own pages; else say why not, as JSON."""
        if self._bears_token():
            let_in(BY_TOKEN)
            return None
        known = self._by_session()
        if known is None:
            answer = problem(401, "send Authorization: Bearer with the token printed at start")
            answer.www_authenticate = WWWAuthenticate("bearer")
            return answer
        let_in(known)
        if request.method in _SAFE_METHODS:
            return None
        if not self.comes_from_our_pages():
            return problem(403, "a session may change things from Moca's own pages only")
        return self.require_answers()

    def guard_page(self) -> Response | None:
        """Let a session in, open one for the printed link, else tell how to get the link."""
        if "token" in request.args:
            if not self.token.is_right(request.args["token"]):
                return _closed_door()
            return self.open_link_session(_address_without_token())
        known = self._by_session() or (BY_TOKEN if self._bears_token() else None)
        if known is None:
            return _closed_door()
        let_in(known)
        if request.method in _SAFE_METHODS:
            return None
        return self.guard_form() or self.require_answers()

    def guard_own_page(self) -> Response | None:
        """Let any session in to what is its own, whatever its right."""
        known = self._by_session()
        if known is None:
            return _closed_door()
        let_in(known)
        return None if request.method in _SAFE_METHODS else self.guard_form()

    def guard_own_api(self) -> Response | None:
        """Let an operator's own pages in, whatever the right; else say why not, as JSON."""
        known = self._by_session()
        if known is None:
            return problem(401, "log in by name: the token has nothing of its own")
        let_in(known)
        if self.comes_from_our_pages():
            return None
        return problem(403, "a session may change things from Moca's own pages only")

    def guard_page_to_leave(self) -> Response | None:
        """Let anybody out, from one of our own pages."""
        known = self._by_session()
        if known is not None:
            let_in(known)
        return self.guard_form()

    def guard_form(self) -> Response | None:
        """Let in what was sent from one of our pages as this browser was shown it."""
        if self._bears_token() or (self.comes_from_our_pages() and self.sessions.is_sealed()):
            return None
        return told(403, "This form is no longer good. Go back, load the page again, and retry.")

    def require_answers(self) -> Response | None:
        """Let those in who may answer contacts."""
        return _require(Right.ANSWERS)

    def require_administrator(self) -> Response | None:
        """Let those in who administer."""
        return _require(Right.ADMINISTERS)

    def require_administrator_to_change(self) -> Response | None:
        """Let everybody look, and only those change things who administer."""
        return None if request.method in _SAFE_METHODS else _require(Right.ADMINISTERS)

    def comes_from_our_pages(self) -> bool:
        """Tell whether a browser sends this from one of our own pages."""
        told_by_browser = request.headers.get("Sec-Fetch-Site")
        if told_by_browser is not None:
            return told_by_browser == "same-origin"
        # Over plain HTTP browsers send Sec-Fetch-Site to localhost only, but always an Origin.
        ours = {request.host_url.rstrip("/"), self._origin} - {""}
        return request.headers.get("Origin") in ours

    def open_link_session(self, address: str) -> Response:
        """Let a browser in that has shown the token, and lead it to this address."""
        shown, key = self.sessions.new_key()
        now, client = clock.now(), request.remote_addr or ""
        let_in(by_link())
        command = OpenLinkSession(key, self.token.hash, client, now, now + SESSION_LASTS)
        carry_out(command, self._ports, self._config)
        self.events.note(SecurityEvent.LINK_OPENED)
        return self.sessions.give(redirect(address, 303), shown)

    def _by_session(self) -> Visitor | None:
        key, now = self.sessions.key_shown(), clock.now()
        if key is None:
            return None
        with self._ports.database.connection_context():
            login = find_login(key, self.token.hash, now)
        if login is None:
            return None
        self._mark_seen(login, now)
        if login.operator is None:
            return by_link(login.id)
        return Visitor(login.operator.name, login.operator.right, login.operator.id, login.id)

    def _mark_seen(self, login: LoginRecord, now: datetime) -> None:
        if now - login.seen_at < _SEEN_AGAIN_AFTER:
            return
        try:
            self._ports.tell(MarkLoginSeen(login.id, now))
        except Exception as error:  # noqa: BLE001 - nobody is shut out because this is not kept
            _LOG.warning("login.not_marked", error=type(error).__name__)

    def _bears_token(self) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.token.is_right(token.strip())


def _require(right: Right) -> Response | None:
    known = visitor()
    if known is not None and known.may(right):
        return None
    return told(403, f"This takes somebody who {right}; ask an administrator.")


def _address_without_token() -> str:
    # What stands after the question mark is the caller's: to url_for it would be options.
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    return f"{path}?{urlencode(rest)}" if rest else path


def _closed_door() -> Response:
    answer = Response(
        render_template("door.html", login=login_address()), 401, mimetype="text/html"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
