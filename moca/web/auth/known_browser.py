import hashlib
import hmac
import secrets
from datetime import timedelta

from flask import request
from werkzeug.wrappers import Response

from moca.storage.queries.operators import OperatorRecord
from moca.web.auth.sessions import Sessions

_LASTS = timedelta(days=365)
_MAX_LENGTH = 200
_COOKIE = "moca_browser_"


class KnownBrowsers:
    """Recognizes browsers in which an operator has logged in before, by a cookie.

    The key is the operator's password hash: a new password makes every browser unknown.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def may_be_known(self) -> bool:
        """Return whether this browser sent a cookie in the format of operators' browsers."""
        prefix = self._sessions.cookie_named(_COOKIE)
        return any(name.startswith(prefix) for name in request.cookies)

    def find(self, operator: OperatorRecord | None) -> str | None:
        """Return the identifier of this browser among the operator's; None if it is unknown."""
        if operator is None:
            return None
        shown = request.cookies.get(self._cookie(operator), "")[:_MAX_LENGTH]
        nonce, _, signature = shown.partition(".")
        is_known = hmac.compare_digest(signature.encode(), _sign(nonce, operator).encode())
        return f"{operator.id} {nonce}" if is_known else None

    def remember(self, answer: Response, operator: OperatorRecord) -> Response:
        """Mark this browser as known."""
        nonce = secrets.token_urlsafe(16)
        self._sessions.set_cookie(
            answer, self._cookie(operator), f"{nonce}.{_sign(nonce, operator)}", _LASTS
        )
        return answer

    def _cookie(self, operator: OperatorRecord) -> str:
        return self._sessions.cookie_named(f"{_COOKIE}{operator.id}")


def _sign(nonce: str, operator: OperatorRecord) -> str:
    message = b"moca browser " + nonce.encode()
    return hmac.new(operator.password_hash.encode(), message, hashlib.sha256).hexdigest()
