import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from moca import clock

COOKIE = "moca_session"
SESSION_LASTS = timedelta(days=30)

_OPERATORS = "operator."
_FORM = "form"


class Sessions:
    """What browsers show in their cookie, and what is signed for one of them alone."""

    def __init__(self, token: bytes, *, is_secure: bool) -> None:
        self._token = token
        self._is_secure = is_secure
        key = hmac.new(token, b"moca session", hashlib.sha256).digest()
        self._links = URLSafeSerializer(key, salt="session")

    def new_link(self) -> str:
        """Make what a browser is to show that opened the printed link."""
        return str(self._links.dumps(int(clock.now().timestamp())))

    def shows_link(self) -> bool:
        """Tell whether the browser opened the printed link lately."""
        try:
            opened = self._links.loads(request.cookies.get(COOKIE, ""))
        except BadData:
            return False
        return clock.now() - datetime.fromtimestamp(opened, UTC) < SESSION_LASTS

    def new_key(self) -> tuple[str, str]:
        """Make what an operator's browser is to show, and the hash of it that is kept."""
        shown = _OPERATORS + secrets.token_urlsafe(32)
        return shown, _hash(shown)

    def key_shown(self) -> str | None:
        """Give the hash of what an operator's browser shows; None if it shows nothing such."""
        shown = request.cookies.get(COOKIE, "")
        return _hash(shown) if shown.startswith(_OPERATORS) else None

    def give(self, answer: Response, value: str) -> Response:
        """Let the browser show this from now on."""
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(
            COOKIE,
            value,
            max_age=SESSION_LASTS,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure or self._is_secure,
        )
        return answer

    def sign(self, value: object) -> str:
        """Sign a value for this session alone: `unsign` takes it back from the same browser."""
        return str(self._states().dumps(value))

    def unsign(self, signed: str) -> Any:
        """Give the value back.

        Raises:
            itsdangerous.BadData: it was not signed here for this session.
        """
        return self._states().loads(signed)

    def seal(self) -> str:
        """Make what every form carries, so that no other site's page can send it."""
        return self.sign(_FORM)

    def is_sealed(self) -> bool:
        """Tell whether the form at hand carries the seal of this session."""
        try:
            return bool(self.unsign(request.form.get("seal", "")) == _FORM)
        except BadData:
            return False

    def _states(self) -> URLSafeSerializer:
        session = request.cookies.get(COOKIE, "").encode()
        key = hmac.new(self._token, b"moca state " + session, hashlib.sha256).digest()
        return URLSafeSerializer(key, salt="state")


def _hash(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()
