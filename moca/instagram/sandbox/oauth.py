import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

_KEPT = 1000
_SHORT = timedelta(hours=1)
_LONG = timedelta(days=60)
_YOUNGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Token:
    account_id: str
    issued_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Granted:
    """What a code is exchanged for."""

    token: str
    account_id: str
    scopes: str
    """As requested in the dialog: comma-separated."""


class SandboxLogins:
    """The codes and tokens that logins issue; thread-safe.

    A code works once. A token itself encodes its account and its expiry, so that it stays valid
    when the stand-in is restarted.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._codes: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._lock = Lock()

    def give_code(self, account_id: str, scopes: str) -> str:
        """Return a code with which the owner of an account grants these scopes."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._codes[code] = account_id, scopes
            while len(self._codes) > _KEPT:
                self._codes.popitem(last=False)
        return code

    def exchange(self, code: str, now: datetime) -> Granted | None:
        """Return what a code grants, with a token of one hour; None if it is no longer valid."""
        with self._lock:
            known = self._codes.pop(code, None)
        if known is None:
            return None
        account_id, scopes = known
        return Granted(self._issue(account_id, now, _SHORT), account_id, scopes)

    def prolong(self, token: str, now: datetime) -> str | None:
        """Return a token of 60 days for a valid one; None if it is invalid."""
        account_id = self.account_of(token, now)
        return None if account_id is None else self._issue(account_id, now, _LONG)

    def is_too_young(self, token: str, now: datetime) -> bool:
        """Return whether a token is too young to be refreshed."""
        known = self._read(token)
        return known is not None and now - known.issued_at < _YOUNGEST

    def account_of(self, token: str, now: datetime) -> str | None:
        """Return the account of a token; None if it is invalid or expired."""
        known = self._read(token)
        return known.account_id if known is not None and now < known.ends_at else None

    def _issue(self, account_id: str, now: datetime, lives: timedelta) -> str:
        issued = int(now.timestamp())
        claims = f"{account_id}.{issued}.{issued + int(lives.total_seconds())}"
        return f"{claims}.{self._signature(claims)}"

    def _read(self, token: str) -> _Token | None:
        claims, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._signature(claims).encode(), signature.encode()):
            return None
        account_id, issued, ends = claims.rsplit(".", 2)
        instants = (datetime.fromtimestamp(int(each), UTC) for each in (issued, ends))
        return _Token(account_id, *instants)

    def _signature(self, claims: str) -> str:
        return hmac.new(self._key, claims.encode(), hashlib.sha256).hexdigest()
