import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.wrappers import Response

from moca import clock
from moca.web.config import WebConfig
from moca.web.problems import problem

COOKIE = "moca_session"

_SESSION_LASTS = timedelta(days=30)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Access:
    """Decides who may see and change things: whoever bears the API token, or a session it opened.

    Its guards are blueprints' `before_request` functions: None lets the request in.
    """

    def __init__(self, config: WebConfig) -> None:
        self._token = config.api_token.encode()
        self._origin = config.public_origin.rstrip("/")
        key = hmac.new(self._token, b"moca session", hashlib.sha256).digest()
        self._sessions = URLSafeSerializer(key, salt="session")

    def guard_api(self) -> Response | None:
        """Let the token's bearer in, and a session's own pages; else say why not, as JSON."""
        if self._bears_token():
            return None
        if not self._has_session():
            answer = problem(401, "send Authorization: Bearer with the token printed at start")
            answer.www_authenticate = WWWAuthenticate("bearer")
            return answer
        if request.method not in _SAFE_METHODS and not self._comes_from_our_pages():
            return problem(403, "a session may change things from Moca's own pages only")
        return None

    def guard_page(self) -> Response | None:
        """Let a session in, open one for the printed link, else tell how to get the link."""
        if "token" in request.args:
            return self._open_session()
        if self._has_session() or self._bears_token():
            return None
        return _closed_door()

    def _open_session(self) -> Response:
        if not self._is_token(request.args["token"]):
            return _closed_door()
        answer = redirect(_address_without_token(), 303)
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(
            COOKIE,
            str(self._sessions.dumps(int(clock.now().timestamp()))),
            max_age=_SESSION_LASTS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure or self._origin.startswith("https://"),
        )
        return answer

    def _has_session(self) -> bool:
        try:
            opened = self._sessions.loads(request.cookies.get(COOKIE, ""))
        except BadData:
            return False
        return clock.now() - datetime.fromtimestamp(opened, UTC) < _SESSION_LASTS

    def _bears_token(self) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._is_token(token.strip())

    def _is_token(self, shown: str) -> bool:
        return bool(self._token) and hmac.compare_digest(shown.encode(), self._token)

    def _comes_from_our_pages(self) -> bool:
        told_by_browser = request.headers.get("Sec-Fetch-Site")
        if told_by_browser is not None:
            return told_by_browser == "same-origin"
        # Over plain HTTP browsers send Sec-Fetch-Site to localhost only, but always an Origin.
        ours = {request.host_url.rstrip("/"), self._origin} - {""}
        return request.headers.get("Origin") in ours


def _address_without_token() -> str:
    # What stands after the question mark is the caller's: to url_for it would be options.
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != "token"]
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    return f"{path}?{urlencode(rest)}" if rest else path


def _closed_door() -> Response:
    answer = Response(render_template("door.html"), 401, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    return answer
