from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.web.auth.passwords import Throttle
from moca.web.auth.too_many import too_many

_FROM_ONE_PLACE = 5
_FROM_ONE_ADDRESS = 20
_FROM_ANYWHERE = 30
_OF_ALL = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A password that is being tried, and where it was counted."""

    begun_at: datetime
    counted: tuple[tuple[Throttle, str], ...]

    def take_back(self) -> None:
        """Count it no longer: it was right, or never looked at."""
        for throttle, name in self.counted:
            throttle.take_back(name, self.begun_at)


class LoginLimits:
    """Decides whether a password may be tried, before it costs anything. For any thread.

    A browser in which the operator logged in before is counted by itself, so that nobody who
    guesses elsewhere, or behind the same proxy, shuts it out.
    """

    def __init__(self) -> None:
        self._known_browser = Throttle(_FROM_ONE_PLACE)
        self._one_place = Throttle(_FROM_ONE_PLACE)
        self._one_address = Throttle(_FROM_ONE_ADDRESS)
        self._anywhere = Throttle(_FROM_ANYWHERE)
        self._all = Throttle(_OF_ALL, _MINUTE)

    def require_room(self, place: str, now: datetime) -> None:
        """See whether a browser that is not known may try at all; counts nothing, costs nothing.

        Raises:
            Problem: 429, there were too many from this place, or in all.
        """
        for throttle, key in ((self._one_address, place), (self._all, "")):
            free_at = throttle.free_at(key, now)
            if free_at > now:
                raise too_many("tries", free_at - now)

    def begin(self, name: str, place: str, browser: str | None, now: datetime) -> Attempt:
        """Count a try.

        Args:
            name: of the operator, folded.
            place: from where it comes.
            browser: names a browser that is known; None for any other.
            now: the present instant.

        Raises:
            Problem: 429, there were too many.
        """
        # The narrowest first: what is refused there must not be counted against those elsewhere.
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
                raise too_many("tries", free_at - now)
        return Attempt(now, counted)
