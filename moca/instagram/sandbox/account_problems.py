from collections.abc import Iterable, Iterator
from enum import StrEnum


class Trouble(StrEnum):
    """What can be wrong between an account and Moca, for the doctor to find."""

    CLOCK = "clock"
    """Its clock and ours are ten minutes apart."""
    SECRET = "secret"  # noqa: S105 - the trouble's name
    """Webhooks are signed with a secret that Moca does not know."""
    SILENCE = "silence"
    """No webhook goes out."""
    TOKEN = "token"  # noqa: S105
    """Every access token has become invalid."""
    TOKEN_AGE = "token_age"  # noqa: S105
    """Tokens end within five days, and are not refreshed."""
    SCOPES = "scopes"
    """The permission to read and write messages was not given."""
    FIELDS = "fields"
    """Nothing is subscribed."""
    IDENTITY = "identity"
    """The token speaks for another account."""
    MESSAGE_ACCESS = "message_access"
    """The owner does not allow access to messages."""


class Troubles:
    """The troubles that the stand-in has just now; any thread may change them."""

    def __init__(self, troubles: Iterable[Trouble] = ()) -> None:
        self._current = frozenset(troubles)

    def has(self, trouble: Trouble) -> bool:
        """Tell whether this is wrong just now."""
        return trouble in self._current

    def __iter__(self) -> Iterator[Trouble]:
        return iter(sorted(self._current))

    def become(self, troubles: Iterable[Trouble]) -> None:
        """Have these and no others."""
        self._current = frozenset(troubles)
