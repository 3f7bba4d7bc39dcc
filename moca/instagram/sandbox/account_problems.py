from collections.abc import Iterable, Iterator
from enum import StrEnum


class AccountProblem(StrEnum):
    """Simulated problems between an account and Moca, for the doctor to find."""

    CLOCK = "clock"
    """Its clock and ours are ten minutes apart."""
    SECRET = "secret"  # noqa: S105 - the name of a problem
    """Webhooks are signed with a secret that Moca does not know."""
    SILENCE = "silence"
    """No webhook is sent."""
    TOKEN = "token"  # noqa: S105
    """Every access token is invalid."""
    TOKEN_AGE = "token_age"  # noqa: S105
    """Tokens expire within five days and cannot be refreshed."""
    SCOPES = "scopes"
    """The permission to read and write messages was not granted."""
    FIELDS = "fields"
    """No webhook fields are subscribed."""
    IDENTITY = "identity"
    """The token speaks for another account."""
    MESSAGE_ACCESS = "message_access"
    """The owner does not allow access to messages."""


class AccountProblems:
    """The problems that the stand-in currently has; thread-safe."""

    def __init__(self, troubles: Iterable[AccountProblem] = ()) -> None:
        self._current = frozenset(troubles)

    def has(self, trouble: AccountProblem) -> bool:
        """Return whether the stand-in has this problem."""
        return trouble in self._current

    def __iter__(self) -> Iterator[AccountProblem]:
        return iter(sorted(self._current))

    def become(self, troubles: Iterable[AccountProblem]) -> None:
        """Replace the problems."""
        self._current = frozenset(troubles)
