from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200

_HASHER = PasswordHasher()
# Each takes 64 MiB and a core: whoever tries passwords must not take the machine.
_AT_ONCE = BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """Hash a password with argon2; takes some 50 ms on purpose."""
    with _AT_ONCE:
        return _HASHER.hash(password)


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody is called that")


def is_right(password: str, password_hash: str | None) -> bool:
    """Tell whether a password is the one hashed; None takes as long and is never right."""
    hashed = password_hash or _nobodys_hash()
    with _AT_ONCE:
        try:
            return _HASHER.verify(hashed, password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False
