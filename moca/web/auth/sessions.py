import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from flask import request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

SESSION_LASTS = timedelta(days=30)

_FORM = "form"


class Sessions:
    """Session cookies, and values signed for one session alone.

    The cookie holds a random secret, which signs; the database holds a hash of it.
    """

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure
        self._cookie = self.cookie_named("moca_session")
        self._without_session = secrets.token_urlsafe(32)
        """Signs for holders of the token without a session."""

    def cookie_named(self, name: str) -> str:
        """Return the name of a cookie; over TLS, one that no other host can set for this one."""
        return f"__Host-{name}" if self._is_secure else name

    def new_key(self) -> tuple[str, str]:
        """Return a new session secret for the browser, and its hash for the database."""
        shown = secrets.token_urlsafe(32)
        return shown, _hash(shown)

    def key_shown(self) -> str | None:
        """Return the hash of the browser's session secret; None if there is none."""
        shown = self._shown()
        return _hash(shown) if shown else None

    def give(self, answer: Response, value: str) -> Response:
        """Set the session cookie."""
        answer.headers["Cache-Control"] = "no-store"
        self.set_cookie(answer, self._cookie, value, SESSION_LASTS)
        return answer

    def take_back(self, answer: Response) -> Response:
        """Delete the session cookie."""
        self.set_cookie(answer, self._cookie, "", timedelta(0))
        return answer

    def set_cookie(self, answer: Response, name: str, value: str, lasts: timedelta) -> None:
        """Set a cookie that scripts and other sites' pages cannot use."""
        answer.set_cookie(
            name,
            value,
            max_age=lasts,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure or self._is_secure,
        )

    def sign(self, value: object) -> str:
        """Sign a value for this session alone; `unsign` accepts it from the same browser."""
        return str(self._states().dumps(value))

    def unsign(self, signed: str) -> Any:
        """Return a signed value.

        Raises:
            itsdangerous.BadData: If it was not signed here for this session.
        """
        return self._states().loads(signed)

    def csrf_token(self) -> str:
        """Return the token that protects every form against cross-site requests."""
        return self.sign(_FORM)

    def has_csrf_token(self) -> bool:
        """Return whether the submitted form carries the token of this session."""
        try:
            return bool(self.unsign(request.form.get("csrf_token", "")) == _FORM)
        except BadData:
            return False

    def _shown(self) -> str:
        return request.cookies.get(self._cookie, "")

    def _states(self) -> URLSafeSerializer:
        session = (self._shown() or self._without_session).encode()
        key = hmac.new(session, b"moca state", hashlib.sha256).digest()
        return URLSafeSerializer(key, salt="state")


def _hash(shown: str) -> str:
    return hashlib.sha256(shown.encode()).hexdigest()
