from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush

from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A pending reply, as far as it matters when it goes."""

    item_id: int
    contact: ContactKey
    priority: int
    due_at: datetime
    window_ends_at: datetime | None
    """None where Instagram's window is not known to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast replies may go."""

    per_second: int
    account_per_second: int
    user_cooldown: timedelta
    rests: Mapping[str, datetime] = field(default_factory=dict)
    """Until when Instagram asked accounts to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What becomes of the queue if nothing is added to it."""

    drains_at: datetime
    """When the last of them goes."""
    looked_at: int
    falling_out: tuple[Waiting, ...]
    """Whose window shuts before their turn, in the order of their turns."""


def forecast(waiting: Iterable[Waiting], limits: Limits, now: datetime, more: int = 0) -> Forecast:
    """Tell when a queue drains, one reply to a person at a time, the most urgent first.

    Those who wait behind the ones looked at are `more`; only their number is known.
    """
    run = _Run(limits, now)
    looked_at = run.take_in(waiting)
    while run.goes_on:
        run.send_next()
    behind = timedelta(seconds=more / limits.per_second)
    falling_out = tuple(run.falling_out)
    return Forecast(drains_at=run.last_at + behind, looked_at=looked_at, falling_out=falling_out)


class _Run:
    def __init__(self, limits: Limits, now: datetime) -> None:
        self._now = self.last_at = now
        self._cooldown = limits.user_cooldown
        self._apart = timedelta(seconds=1) / limits.per_second
        self._apart_of_account = timedelta(seconds=1) / limits.account_per_second
        self._account_free_at = dict(limits.rests)
        self._lanes: dict[ContactKey, deque[Waiting]] = defaultdict(deque)
        self._ready: list[tuple[int, int, ContactKey]] = []
        self._later: list[tuple[datetime, int, int, ContactKey]] = []
        self.falling_out: list[Waiting] = []

    @property
    def goes_on(self) -> bool:
        return bool(self._ready or self._later)

    def take_in(self, waiting: Iterable[Waiting]) -> int:
        ordered = sorted(waiting, key=lambda each: (each.due_at > self._now, each.priority))
        for each in ordered:
            self._lanes[each.contact].append(each)
        self._later = [self._turn(lane[0], self._now) for lane in self._lanes.values()]
        heapify(self._later)
        return len(ordered)

    def send_next(self) -> None:
        self._wake()
        _, _, contact = heappop(self._ready)
        lane = self._lanes[contact]
        first = lane[0]
        free_at = self._account_free_at.get(contact.account_id, self._now)
        if free_at > self._now:
            heappush(self._later, self._turn(first, free_at))
            return
        lane.popleft()
        rested_at = self._now
        if first.window_ends_at is not None and first.window_ends_at < self._now:
            self.falling_out.append(first)
        else:
            rested_at = self._send(contact)
        if lane:
            heappush(self._later, self._turn(lane[0], rested_at))

    def _send(self, contact: ContactKey) -> datetime:
        at = self.last_at = self._now
        self._account_free_at[contact.account_id] = at + self._apart_of_account
        self._now += self._apart
        return at + self._cooldown

    def _wake(self) -> None:
        if not self._ready:
            self._now = max(self._now, self._later[0][0])
        while self._later and self._later[0][0] <= self._now:
            _, priority, item_id, contact = heappop(self._later)
            heappush(self._ready, (priority, item_id, contact))

    @staticmethod
    def _turn(first: Waiting, at: datetime) -> tuple[datetime, int, int, ContactKey]:
        return max(first.due_at, at), first.priority, first.item_id, first.contact
