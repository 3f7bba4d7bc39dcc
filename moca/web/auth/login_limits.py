from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.web.auth.passwords import LoginThrottle
from moca.web.auth.too_many import too_many

_FROM_ONE_PLACE = 5
_FROM_ONE_ADDRESS = 20
_FROM_ANYWHERE = 30
_OF_ALL = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password attempt, and where it was counted."""

    begun_at: datetime
    counted: tuple[tuple[LoginThrottle, str], ...]

    def take_back(self) -> None:
        """Uncount the attempt: the password was right, or never checked."""
        for throttle, name in self.counted:
            throttle.take_back(name, self.begun_at)


class LoginLimits:
    """Decides whether a password may be tried, before it costs anything. Thread-safe.

    A browser in which the operator has logged in before is counted separately, so that guessing
    elsewhere, or behind the same proxy, does not lock it out.
    """

    def __init__(self) -> None:
        self._known_browser = LoginThrottle(_FROM_ONE_PLACE)
        self._one_place = LoginThrottle(_FROM_ONE_PLACE)
        self._one_address = LoginThrottle(_FROM_ONE_ADDRESS)
        self._anywhere = LoginThrottle(_FROM_ANYWHERE)
        self._all = LoginThrottle(_OF_ALL, _MINUTE)

    def require_room(self, place: str, now: datetime) -> None:
        """Check whether an unknown browser may try at all; counts nothing and is cheap.

        Raises:
            Problem: 429 after too many attempts from this place, or in total.
        """
        for throttle, key in ((self._one_address, place), (self._all, "")):
            free_at = throttle.free_at(key, now)
            if free_at > now:
                raise too_many("attempts", free_at - now)

    def begin(self, name: str, place: str, browser: str | None, now: datetime) -> Attempt:
        """Count an attempt.

        Args:
            name: The operator's name, folded.
            place: Where it comes from.
            browser: The id of a known browser; None for any other.
            now: The current time.

        Raises:
            Problem: 429 after too many attempts.
        """
        # The narrowest first: what is refused there must not count against the wider limits.
        limits = (
            (self._one_place, f"{name}\n{place}"),
            (self._one_address, place),
            (self._anywhere, name),
            (self._all, ""),
        )
        counted = ((self._known_browser, browser),) if browser is not None else limits
        for throttle, key in counted:
            free_at = throttle.begin(key, now)
            if free_at > now:
                raise too_many("attempts", free_at - now)
        return Attempt(now, counted)
