from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore, Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from moca.web.auth.too_many import too_many

_HASHER = PasswordHasher()
# Each hash takes 64 MiB and a core: password guessing must not exhaust the machine.
_AT_ONCE = BoundedSemaphore(2)
_PATIENCE = timedelta(milliseconds=500)
_BUSY = timedelta(seconds=1)


def hash_password(password: str) -> str:
    """Hash a password with argon2; takes some 50 ms on purpose.

    Raises:
        Problem: 429 if too many are being hashed.
    """
    with _turn():
        return _HASHER.hash(password)


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE.total_seconds()):
        raise too_many("passwords at once", _BUSY)
    try:
        yield
    finally:
        _AT_ONCE.release()


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody is called that")


def is_right(password: str, password_hash: str | None) -> bool:
    """Return whether a password matches its hash; None takes as long and never matches.

    Raises:
        Problem: 429 if too many are being hashed.
    """
    hashed = password_hash or _nobodys_hash()
    with _turn():
        try:
            return _HASHER.verify(hashed, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


_SPAN = timedelta(minutes=15)
_REMEMBERED = 10_000


class LoginThrottle:
    """Counts attempts by name within a span, a quarter of an hour by default. Thread-safe.

    An attempt counts from its beginning: parallel attempts get no advantage. The number of names is
    limited; the oldest are forgotten first, except those that have used up their attempts. If all
    have, a new name must wait for the first of them.
    """

    def __init__(
        self, allowed: int, span: timedelta = _SPAN, *, capacity: int = _REMEMBERED
    ) -> None:
        self._allowed = allowed
        self._span = span
        self._capacity = capacity
        self._trying: OrderedDict[str, list[datetime]] = OrderedDict()
        self._used_up: OrderedDict[str, list[datetime]] = OrderedDict()
        """Both in the order of each name's last attempt."""
        self._lock = Lock()

    def begin(self, name: str, now: datetime) -> datetime:
        """Count an attempt and return `now`; if there were too many, return when one is allowed."""
        with self._lock:
            free_at = self._free_at(name, now)
            if free_at > now:
                return free_at
            self._keep(name, [*self._trying.pop(name, ()), now])
            if len(self._trying) + len(self._used_up) > self._capacity:
                self._trying.popitem(last=False)
            return now

    def free_at(self, name: str, now: datetime) -> datetime:
        """Return `now` if an attempt is allowed, else when one is; counts nothing."""
        with self._lock:
            return self._free_at(name, now)

    def take_back(self, name: str, begun_at: datetime) -> None:
        """Uncount an attempt: it was right."""
        with self._lock:
            tries = self._used_up.get(name) or self._trying.get(name, [])
            if begun_at in tries:
                tries.remove(begun_at)
                self._settle(name, begun_at)

    def _free_at(self, name: str, now: datetime) -> datetime:
        self._settle(name, now)
        if name in self._used_up:
            return self._used_up[name][0] + self._span
        while self._used_up and now - self._oldest()[-1] >= self._span:
            self._used_up.popitem(last=False)
        if name not in self._trying and len(self._used_up) >= self._capacity:
            return self._oldest()[-1] + self._span
        return now

    def _oldest(self) -> list[datetime]:
        return next(iter(self._used_up.values()))

    def _settle(self, name: str, now: datetime) -> None:
        """Drop the expired attempts of a name."""
        tries = self._used_up.get(name) or self._trying.get(name, [])
        recent = [at for at in tries if now - at < self._span]
        if len(recent) == len(tries) and (name in self._used_up) == self._is_used_up(recent):
            return
        self._used_up.pop(name, None)
        self._trying.pop(name, None)
        if recent:
            self._keep(name, recent)

    def _keep(self, name: str, tries: list[datetime]) -> None:
        (self._used_up if self._is_used_up(tries) else self._trying)[name] = tries

    def _is_used_up(self, tries: list[datetime]) -> bool:
        return len(tries) >= self._allowed
