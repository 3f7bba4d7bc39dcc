from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """Whether somebody who failed again and again is asked; opens after so many failures on end.

    Once the rest is over one call may try; further ones wait another rest for what became of it.
    """

    most_failures: int
    rest: timedelta
    failures: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether nobody may call now."""
        return self.open_until is not None and now < self.open_until

    def called(self, now: datetime) -> Self:
        """Note a call that begins; the one that tries keeps the others out meanwhile."""
        if self.open_until is None:
            return self
        return replace(self, open_until=now + self.rest)

    def succeeded(self) -> Self:
        """Note that a call was answered."""
        return replace(self, failures=0, open_until=None)

    def failed(self, now: datetime, rest: timedelta | None = None) -> Self:
        """Note a failure; with `rest`, the other side said itself how long to leave it alone."""
        failures = self.failures + 1
        if rest is not None:
            return replace(self, failures=failures, open_until=now + rest)
        if failures < self.most_failures:
            return replace(self, failures=failures)
        return replace(self, failures=failures, open_until=now + self.rest)
