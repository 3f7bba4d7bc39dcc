from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush

from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReply:
    """A pending reply with the facts that decide when it goes."""

    item_id: int
    contact: ContactKey
    priority: int
    due_at: datetime
    window_ends_at: datetime | None
    """None if the reply window has no known end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The rates at which replies may go."""

    per_second: int
    account_per_second: int
    user_cooldown: timedelta
    rests: Mapping[str, datetime] = field(default_factory=dict)
    """The accounts that Instagram asked to wait, and until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected course of the queue if nothing is added to it."""

    drains_at: datetime
    """When the last reply goes."""
    looked_at: int
    falling_out: tuple[WaitingReply, ...]
    """The replies whose window closes before their turn, in the order of their turns."""


def forecast(
    waiting: Iterable[WaitingReply], limits: Limits, now: datetime, more: int = 0
) -> Forecast:
    """Return when the queue drains, sending one reply per contact at a time, most urgent first.

    `more` counts the replies behind those given, of which only the number is known.
    """
    run = _SendRun(limits, now)
    looked_at = run.take_in(waiting)
    while run.goes_on:
        run.send_next()
    behind = timedelta(seconds=more / limits.per_second)
    falling_out = tuple(run.falling_out)
    return Forecast(drains_at=run.last_at + behind, looked_at=looked_at, falling_out=falling_out)


class _SendRun:
    def __init__(self, limits: Limits, now: datetime) -> None:
        self._now = self.last_at = now
        self._cooldown = limits.user_cooldown
        self._apart = timedelta(seconds=1) / limits.per_second
        self._apart_of_account = timedelta(seconds=1) / limits.account_per_second
        self._account_free_at = dict(limits.rests)
        self._contact_queues: dict[ContactKey, deque[WaitingReply]] = defaultdict(deque)
        self._ready: list[tuple[int, int, ContactKey]] = []
        self._later: list[tuple[datetime, int, int, ContactKey]] = []
        self.falling_out: list[WaitingReply] = []

    @property
    def goes_on(self) -> bool:
        return bool(self._ready or self._later)

    def take_in(self, waiting: Iterable[WaitingReply]) -> int:
        ordered = sorted(waiting, key=lambda each: (each.due_at > self._now, each.priority))
        for each in ordered:
            self._contact_queues[each.contact].append(each)
        self._later = [
            self._turn(contact_queue[0], self._now)
            for contact_queue in self._contact_queues.values()
        ]
        heapify(self._later)
        return len(ordered)

    def send_next(self) -> None:
        self._wake()
        _, _, contact = heappop(self._ready)
        contact_queue = self._contact_queues[contact]
        first = contact_queue[0]
        free_at = self._account_free_at.get(contact.account_id, self._now)
        if free_at > self._now:
            heappush(self._later, self._turn(first, free_at))
            return
        contact_queue.popleft()
        rested_at = self._now
        if first.window_ends_at is not None and first.window_ends_at < self._now:
            self.falling_out.append(first)
        else:
            rested_at = self._send(contact)
        if contact_queue:
            heappush(self._later, self._turn(contact_queue[0], rested_at))

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
    def _turn(first: WaitingReply, at: datetime) -> tuple[datetime, int, int, ContactKey]:
        return max(first.due_at, at), first.priority, first.item_id, first.contact
