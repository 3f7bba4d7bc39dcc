from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from moca.web.auth.too_many import too_many

SHORTEST = 10
LONGEST = 200

_HASHER = PasswordHasher()
# Each takes 64 MiB and a core: whoever tries passwords must not take the machine.
_AT_ONCE = BoundedSemaphore(2)
_PATIENCE = timedelta(milliseconds=500)
_BUSY = timedelta(seconds=1)


def hash_password(password: str) -> str:
    """Hash a password with argon2; takes some 50 ms on purpose.

    Raises:
        Problem: 429, too many are being hashed.
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
    """Tell whether a password is the one hashed; None takes as long and is never right.

    Raises:
        Problem: 429, too many are being hashed.
    """
    hashed = password_hash or _nobodys_hash()
    with _turn():
        try:
            return _HASHER.verify(hashed, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False
