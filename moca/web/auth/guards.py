from contextlib import ExitStack
from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import MarkLoginSeen, OpenLinkSession
from moca.core.types import OperatorRole
from moca.storage.queries.operators import LoginRecord, find_login
from moca.web.auth.account_scope import hide_out_of_scope
from moca.web.auth.api_keys import ApiKeys
from moca.web.auth.api_token import ApiToken
from moca.web.auth.current_user import (
    BY_TOKEN,
    CurrentUser,
    by_link,
    current_user,
    set_current_user,
)
from moca.web.auth.next_page import login_address
from moca.web.auth.security_events import SecurityEvent, SecurityEvents
from moca.web.auth.sessions import SESSION_LASTS, Sessions
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import error_response, problem

_LOG = structlog.get_logger(__name__)
_SEEN_AGAIN_AFTER = timedelta(minutes=10)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DRAFTING = "conversations.reply"
"""The view that tells itself whether a key that may only draft may have what it asks for."""


class Guards:
    """Decides who may see and change what: operators, and holders of the token or its link.

    The guards are `before_request` functions of blueprints: None admits the request.
    """

    def __init__(self, ports: WebPorts, config: WebConfig, events: SecurityEvents) -> None:
        self._ports = ports
        self._config = config
        self._origin = config.public_origin.rstrip("/")
        self.events = events
        self.token = ApiToken(config.api_token, events)
        self.keys = ApiKeys(ports)
        self.sessions = Sessions(is_secure=config.is_secure)

    def guard_api(self) -> Response | None:
        """Admit the token, keys by their scope and sessions from Moca's own pages.

        Others are answered with a JSON error.
        """
        by_key = self._by_key()
        if by_key is not None:
            return self._limit(by_key)
        if self._bears_token():
            set_current_user(BY_TOKEN)
            return None
        known = self._by_session()
        if known is None:
            told = 'Send "Authorization: Bearer <token>" with the API token or an API key.'
            answer = problem(401, told)
            answer.www_authenticate = WWWAuthenticate("bearer")
            return answer
        self._admit(known)
        if request.method in SAFE_METHODS:
            return None
        if not self.comes_from_our_pages():
            return problem(403, "Sessions can make changes only from Moca's own pages.")
        return self.require_answers()

    def guard_page(self) -> Response | None:
        """Admit a session, or open one for the printed link; else explain how to get the link."""
        if "token" in request.args:
            if not self.token.is_right(request.args["token"]):
                return _login_required()
            return self.open_link_session(_address_without_token())
        known = self._by_session() or (BY_TOKEN if self._bears_token() else None)
        if known is None:
            return _login_required()
        self._admit(known)
        if request.method in SAFE_METHODS:
            return None
        return self.guard_form() or self.require_answers()

    def guard_upload(self) -> Response | None:
        """Admit those who may attach files, by the head of a request alone."""
        by_key = self._by_key()
        if by_key is not None:
            return self._limit(by_key)
        if self._bears_token():
            return None
        known = self._by_session()
        if known is None:
            return error_response(401, "Log in to attach files.")
        set_current_user(known)
        if not self.comes_from_our_pages():
            return error_response(403, "Files can be attached only from Moca's own pages.")
        return self.require_answers()

    def guard_own_page(self) -> Response | None:
        """Admit any session to its own account pages, whatever its role."""
        known = self._by_session()
        if known is None:
            return _login_required()
        set_current_user(known)
        return None if request.method in SAFE_METHODS else self.guard_form()

    def guard_own_api(self) -> Response | None:
        """Admit an operator's own pages, whatever the role; otherwise answer with a JSON error."""
        known = self._by_session()
        if known is None:
            return problem(
                401, "Log in with a name and password; the API token has no account of its own."
            )
        set_current_user(known)
        if self.comes_from_our_pages():
            return None
        return problem(403, "Sessions can make changes only from Moca's own pages.")

    def guard_page_to_leave(self) -> Response | None:
        """Admit any logout from one of Moca's own pages."""
        known = self._by_session()
        if known is not None:
            set_current_user(known)
        return self.guard_form()

    def guard_form(self) -> Response | None:
        """Admit a form that was shown to this browser on one of Moca's pages."""
        if self._bears_token() or (self.comes_from_our_pages() and self.sessions.has_csrf_token()):
            return None
        return error_response(403, "This form has expired. Go back, reload the page and try again.")

    def require_answers(self) -> Response | None:
        """Require the permission to answer contacts."""
        return _require(OperatorRole.ANSWERS)

    def require_administrator(self) -> Response | None:
        """Require an administrator."""
        return _require(OperatorRole.ADMINISTERS)

    def require_administrator_to_change(self) -> Response | None:
        """Require an administrator for changes; reading is open to all users."""
        return None if request.method in SAFE_METHODS else _require(OperatorRole.ADMINISTERS)

    def require_all_accounts(self) -> Response | None:
        """Refuse those who are limited to accounts."""
        known = current_user()
        if known is None or not known.account_scope.is_limited:
            return None
        limited = "This API key is" if known.key_id is not None else "You are"
        return error_response(403, f"{limited} limited to accounts; this request is about all.")

    def admit_to_answer(self) -> None:
        """Refuse those who may not answer contacts, within a view.

        Raises:
            Problem: 403.
        """
        refusal = self.require_answers()
        if refusal is not None:
            abort(refusal)

    def admit_to_all_accounts(self) -> None:
        """Refuse those who are limited to accounts, within a view.

        Raises:
            Problem: 403.
        """
        refusal = self.require_all_accounts()
        if refusal is not None:
            abort(refusal)

    def require_all_accounts_to_change(self) -> Response | None:
        """Keep those who are limited to accounts from changing what all accounts share."""
        return None if request.method in SAFE_METHODS else self.require_all_accounts()

    def comes_from_our_pages(self) -> bool:
        """Return whether a browser sent this from one of Moca's own pages."""
        told_by_browser = request.headers.get("Sec-Fetch-Site")
        if told_by_browser is not None:
            return told_by_browser == "same-origin"
        # Over plain HTTP browsers send Sec-Fetch-Site to localhost only, but always an Origin.
        ours = {request.host_url.rstrip("/"), self._origin} - {""}
        return request.headers.get("Origin") in ours

    def open_link_session(self, address: str) -> Response:
        """Open a session for a browser that presented the token, and redirect to this address."""
        shown, key = self.sessions.new_key()
        now, client = clock.now(), request.remote_addr or ""
        set_current_user(by_link())
        command = OpenLinkSession(key, self.token.hash, client, now, now + SESSION_LASTS)
        carry_out(command, self._ports, self._config)
        self.events.note(SecurityEvent.LINK_OPENED)
        return self.sessions.give(redirect(address, 303), shown)

    def disconnect(self, _error: BaseException | None) -> None:
        """End the connection that a request has kept; a `teardown_request` function."""
        connection = g.pop("connection", None)
        if connection is not None:
            connection.close()

    def _stay_connected(self) -> None:
        # Connecting costs more than most reads. Who waits for a commit needs no connection.
        if request.method in SAFE_METHODS and "connection" not in g:
            g.connection = ExitStack()
            g.connection.enter_context(self._ports.database.connection_context())

    def _by_session(self) -> CurrentUser | None:
        key, now = self.sessions.key_shown(), clock.now()
        if key is None:
            return None
        self._stay_connected()
        with self._ports.database.connection_context():
            login = find_login(key, self.token.hash, now)
        if login is None:
            return None
        self._mark_seen(login, now)
        if login.operator is None:
            return by_link(login.id)
        operator = login.operator
        scope = operator.account_scope
        return CurrentUser(operator.name, operator.role, operator.id, login.id, account_scope=scope)

    def _admit(self, user: CurrentUser) -> None:
        set_current_user(user)
        hide_out_of_scope(self._ports.database, user.account_scope)

    def _mark_seen(self, login: LoginRecord, now: datetime) -> None:
        if now - login.seen_at < _SEEN_AGAIN_AFTER:
            return
        try:
            self._ports.tell(MarkLoginSeen(login.id, now))
        except Exception as error:  # noqa: BLE001 - failing to store this must not lock users out
            _LOG.warning("login.not_marked", error=type(error).__name__)

    def _by_key(self) -> CurrentUser | None:
        shown = _bearer()
        return None if shown is None else self.keys.user_of(shown)

    def _limit(self, user: CurrentUser) -> Response | None:
        self._admit(user)
        if request.method in SAFE_METHODS:
            return None
        return _require(
            OperatorRole.DRAFTS if request.endpoint == _DRAFTING else OperatorRole.ANSWERS
        )

    def _bears_token(self) -> bool:
        shown = _bearer()
        return shown is not None and self.token.is_right(shown)


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _require(role: OperatorRole) -> Response | None:
    known = current_user()
    if known is not None and known.may(role):
        return None
    if known is not None and known.key_id is not None:
        return error_response(403, f"This API key needs the scope {role.scope}.")
    needed = "admin rights" if role is OperatorRole.ADMINISTERS else "to be an agent or admin"
    return error_response(403, f"You need {needed} to do this. Ask an administrator.")


def _address_without_token() -> str:
    # The query comes from the caller: url_for would take it as options.
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    return f"{path}?{urlencode(rest)}" if rest else path


def _login_required() -> Response:
    answer = Response(
        render_template("login_required.html", login=login_address()), 401, mimetype="text/html"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
