from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker:
    """A circuit breaker that opens after several consecutive failures.

    After the rest, one call may try; further ones wait another rest for its result.
    """

    max_failures: int
    rest: timedelta
    failures: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Return whether calls are blocked now."""
        return self.open_until is not None and now < self.open_until

    def called(self, now: datetime) -> Self:
        """Return the state after a call begins; a trial call blocks the others meanwhile."""
        if self.open_until is None:
            return self
        return replace(self, open_until=now + self.rest)

    def succeeded(self) -> Self:
        """Return the state after a call was answered."""
        return replace(self, failures=0, open_until=None)

    def failed(self, now: datetime, rest: timedelta | None = None) -> Self:
        """Return the state after a failure; `rest` is the pause that the server requested."""
        failures = self.failures + 1
        if rest is not None:
            return replace(self, failures=failures, open_until=now + rest)
        if failures < self.max_failures:
            return replace(self, failures=failures)
        return replace(self, failures=failures, open_until=now + self.rest)
