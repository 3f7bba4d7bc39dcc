from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moca.core.inbound.event_rules import is_tap
from moca.core.types import ContactKey
from tests.simulation.instagram.texts import said_in
from tests.simulation.oracle.claims import Channels
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.runtime.virtual_time import BEGINNING, Clockwork
from tests.simulation.worlds.settings import ACCOUNT_PAUSE, RESPONDERS, WorldSettings

_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_AT_ONCE = timedelta(seconds=2)
"""What goes as soon as it may is not later than this."""
_STUCK_AFTER = timedelta(minutes=2)
"""After so long Moca asks the database about a reply that it hears nothing of."""
_CLAIM_TAKES = timedelta(seconds=10)
_READING_TAKES = timedelta(seconds=9)
_CALL_BEGINS_WITHIN = timedelta(seconds=15)
"""How long after a claim, for all that a later run knows, its call may have begun."""
_LOST_READING = timedelta(minutes=3)
"""After so long a reading of the record that was lost is made again, at the latest."""
_LONGEST_SPAN = timedelta(minutes=2)  # That an account or a reply is made to wait.
_NEVER_FULL = 1000
_SHORTEST = timedelta(milliseconds=250)
"""Shorter waits are let pass: they are many, and none of them is long."""


@dataclass
class _Wait:
    """How long something has waited though nothing stood in its way."""

    since: datetime
    scheduled: tuple[int, datetime] | None = None
    """Its schedule as it stands on disk, and when it is due in true time."""
    idle: timedelta = timedelta()


class Liveness:
    """Watches that what may go on does: nothing waits much longer than something is in its way.

    In the way of a message: debounce, cooldown, business hours, a reply under way, busy responders;
    of a tap and what is answered with it, neither debounce nor cooldown.
    In the way of a reply: its schedule, replies before it, the contact's and the account's rest, a
    frozen queue, busy couriers, full limits. In the way of both: a process that is down or whose
    disk fails. Every wait is measured in true time, whatever the machine's clock shows.
    """

    def __init__(
        self, settings: WorldSettings, clockwork: Clockwork, ledger: Ledger, simulation: Any
    ) -> None:
        self._settings = settings
        self._clockwork = clockwork
        self._ledger = ledger
        self._simulation = simulation
        self._channels = Channels(settings, ledger, simulation)
        self._messages: dict[int, _Wait] = {}
        self._items: dict[tuple[int, str, int], _Wait] = {}
        self._busy_at: dict[ContactKey, datetime] = {}
        self._under_way_at: dict[ContactKey, datetime] = {}
        self._account_until: dict[str, datetime] = defaultdict(lambda: clockwork.true)
        self._stopped_until: dict[str, datetime] = {}
        """Until when accounts would have rested that were renewed; a restart goes by that."""
        self._throttled: set[str] = set()
        """Accounts that a new token may not free."""
        self._steps: list[timedelta] = []
        """By how much the machine's clock was set each time, either way."""
        self.lost_at: datetime | None = None
        """When a fault last may have cost an event, so that only a sweep heals it."""

    def observe(self, event: object) -> None:
        """Note whose conversation goes on."""
        reply = getattr(event, "reply", None)
        contact = getattr(event, "contact", None) or getattr(reply, "contact", None)
        if contact is not None and type(event).__name__ in _GOES_ON:
            self._busy_at[contact] = self._clockwork.true

    def account_refused(self, account_id: str, wait: timedelta | None) -> None:
        """Note that an account has to wait; None if a new token frees it at once."""
        until = self._clockwork.true + (ACCOUNT_PAUSE if wait is None else wait)
        self._account_until[account_id] = max(until, self._account_until[account_id])
        if wait is not None:
            self._throttled.add(account_id)

    def account_renewed(self, account_id: str) -> None:
        """An account that was stopped goes on at once with another token."""
        if account_id not in self._throttled:
            self._stopped_until[account_id] = self._account_until[account_id]
            self._account_until[account_id] = self._clockwork.true

    def clock_is_set(self, seconds: float) -> None:
        """No step of the clock holds anything up by more than its own span."""
        self._steps.append(timedelta(seconds=abs(seconds)))

    def restarted(self) -> None:
        """Begin anew: all that waited waits for another process.

        On disk an account that was stopped is not told apart from one that was throttled.
        """
        self._throttled.update(self._account_until)
        for account_id, until in self._stopped_until.items():
            self._account_until[account_id] = max(until, self._account_until[account_id])
        self.lost_at = None
        self._messages.clear()
        self._items.clear()

    def passes(self, until: datetime) -> None:
        """Judge the time until then, in which nothing happens."""
        process = self._simulation.process
        if until - self._clockwork.true < _SHORTEST or process.system is None or process.disk_fails:
            return
        items = self._ledger.items("q.status IN ('pending', 'sending', 'unknown')")
        self._judge_items(items, until)
        self._judge_messages(self._ledger.waiting_messages(), items, until)
        self._simulation.held.passes(until, self._go_within())

    def _judge_messages(self, messages: list[Row], items: list[Row], until: datetime) -> None:
        now, settings, seen = self._clockwork.true, self._settings, self._messages
        self._messages = {row["id"]: seen.get(row["id"], _Wait(now)) for row in messages}
        generator = self._simulation.process.generator
        busy = {contact_of(item) for item in items if _holds_up_answers(item)}
        patience = timedelta(seconds=settings.generation_timeout)
        patience += self._set_back(patience)
        busy |= {to for to, since in generator.under_way.values() if now < since + patience}
        for contact in busy:
            self._busy_at[contact] = until
        if len(generator.under_way) >= RESPONDERS:
            return
        first: dict[ContactKey, datetime] = {}
        for row in messages:
            since = self._messages[row["id"]].since
            first[contact_of(row)] = min(first.get(contact_of(row), since), since)
        pressing = {contact_of(row) for row in messages if is_tap(row["kind"], row["type"])}
        for row in messages:
            contact = contact_of(row)
            if contact in busy:
                continue
            waits = contact not in pressing
            debounced = first[contact] + waits * timedelta(seconds=settings.debounce)
            rest = waits * timedelta(seconds=settings.cooldown)
            rested = max(self._rests_since(contact), self._flushed_at(contact)) + rest
            ready = max(debounced, rested, self._opens_at())
            name = f"{row['mid']} waits for an answer"
            self._judge(self._messages[row["id"]], ready, until, self._answer_within(), name)

    def _judge_items(self, items: list[Row], until: datetime) -> None:
        now, seen = self._clockwork.true, self._items
        self._items = {_key(row): seen.get(_key(row), _Wait(now)) for row in items}
        calls = self._simulation.oracle.pace.under_way
        is_frozen = self._ledger.count("SELECT COUNT(*) FROM freeze") > 0
        held = {contact_of(row) for row in items if row["status"] != "pending"}
        self._under_way_at |= dict.fromkeys(held | calls, until)
        rest = timedelta(seconds=self._settings.user_cooldown)
        rested = {to for to in map(contact_of, items) if self._called_until(to) + rest <= now}
        claimable = set() if is_frozen else self._channels.claimable(items, rested - held)
        ahead: set[ContactKey] = set()
        for row in sorted(items, key=lambda row: (row["priority"], row["id"])):
            contact, wait = contact_of(row), self._items[_key(row)]
            due = self._due_at(row, wait)
            match row["status"]:
                case "unknown":
                    self._judge_unknown(row, wait, len(items), until)
                case "sending" if contact not in calls:
                    what = f"item {row['id']} stays `sending` without a call"
                    bound = self._go_within() + _CLAIM_TAKES
                    # Where what became of it was lost, the sender holds it for one that waits.
                    ready = max(wait.since, self._account_until[contact.account_id])
                    self._judge(wait, ready, until, bound, what)
                case "pending" if contact not in held | ahead | calls:
                    if row["channel"] in claimable:
                        ready = max(due, self._free_at(row, contact))
                        what = f"item {row['id']} may go and does not"
                        bound = self._go_within() + self._read_within()
                        self._judge(wait, ready, until, bound, what)
            is_in_backoff = row["attempts"] or row["author"] == "bot"
            if row["status"] == "pending" and (is_in_backoff or due <= now):
                ahead.add(contact)

    def _judge_unknown(self, row: Row, wait: _Wait, others: int, until: datetime) -> None:
        """A doubt is settled, or left to the operator where the record cannot be read."""
        settings, instagram = self._settings, self._simulation.instagram
        if said_in(row) in {text for _, text in instagram.unreadable}:
            return
        reading = timedelta(seconds=settings.settle) + _READING_TAKES
        bound = (settings.max_attempts + 2) * reading + others * _SECOND + self._heals_within()
        bound += self._set_back(_LONGEST_SPAN)
        if self.lost_at is not None:
            bound += _LOST_READING
        self._judge(wait, wait.since, until, bound, f"item {row['id']} stays unknown")

    def _judge(
        self, wait: _Wait, ready: datetime, until: datetime, bound: timedelta, what: str
    ) -> None:
        wait.idle += max(until - max(self._clockwork.true, ready), timedelta())
        if wait.idle > bound:
            told = f"{what}; nothing stood in its way for {wait.idle}"
            self._simulation.oracle.is_broken(Invariant.NO_NEEDLESS_WAIT, told)

    def _due_at(self, row: Row, wait: _Wait) -> datetime:
        """Return when an item is due in true time; a person's schedule is by the wall clock."""
        if wait.scheduled is None or wait.scheduled[0] != row["scheduled_for"]:
            ahead = instant(row["scheduled_for"]) - self._clockwork.now()
            wait.scheduled = row["scheduled_for"], self._clockwork.true + max(ahead, timedelta())
        if row["author"] != "bot" and not row["attempts"]:
            left = instant(row["scheduled_for"]) - self._clockwork.now()
            return max(wait.scheduled[1], self._clockwork.true + left)
        return wait.scheduled[1]

    def _free_at(self, row: Row, contact: ContactKey) -> datetime:
        """Return from when on contact, account and limits let a reply go."""
        settings, pace = self._settings, self._simulation.oracle.pace
        rest = timedelta(seconds=settings.user_cooldown)
        starts = [(at[0], to) for at, to in pace.starts]
        own = [at for at, to in starts if to.account_id == contact.account_id]
        turns = [
            max(pace.up_since, self._called_until(contact)) + rest,
            self._account_until[contact.account_id],
            _free_again([at for at, _ in starts], settings.per_second, _SECOND),
            _free_again(own, settings.account_per_second, _SECOND),
        ]
        if row["comment_id"] is not None:
            private = pace.private_starts(contact.account_id)
            limit = settings.private_replies_per_hour
            turns.append(_free_again(private, limit, _HOUR + _CALL_BEGINS_WITHIN))
        found: datetime = max(turns)
        return found

    def _flushed_at(self, contact: ContactKey) -> datetime:
        """Return when a contact's messages were last flushed, even if they were unsent at once."""
        ago = self._clockwork.now() - self._ledger.flushed_at(contact)
        return self._clockwork.true - ago if ago > timedelta() else BEGINNING

    def _rests_since(self, contact: ContactKey) -> datetime:
        """Return until when an answer to a contact was made, or waited to be sent."""
        return max(self._busy_at.get(contact, BEGINNING), self._call_ended_at(contact))

    def _called_until(self, contact: ContactKey) -> datetime:
        """Return when a reply to a contact was last under way."""
        return max(self._under_way_at.get(contact, BEGINNING), self._call_ended_at(contact))

    def _call_ended_at(self, contact: ContactKey) -> datetime:
        ends = [at[0] for at in self._simulation.oracle.pace.ends[contact]]
        found: datetime = max(ends, default=BEGINNING)
        return found

    def _opens_at(self) -> datetime:
        """Return when the shop is next open, in true time."""
        hours, shown = self._settings.hours(), self._clockwork.now()
        if hours is None or hours.open_at(shown):
            return self._clockwork.true
        opens_at = hours.opens_next(shown)
        assert opens_at is not None
        return self._clockwork.true + (opens_at - shown)

    def _answer_within(self) -> timedelta:
        stuck = _STUCK_AFTER if self.lost_at is not None else timedelta()
        span = timedelta(seconds=self._settings.cooldown + self._settings.debounce)
        return _AT_ONCE + self._heals_within() + stuck + self._set_back(span)

    def _go_within(self) -> timedelta:
        return _AT_ONCE + self._heals_within() + self._set_back(_LONGEST_SPAN)

    def _read_within(self) -> timedelta:
        """Return how long a reply may stay on disk where memory holds few: for some sweeps."""
        is_left = self._settings.capacity < _NEVER_FULL
        return timedelta(seconds=4 * self._settings.sweep) if is_left else timedelta()

    def _set_back(self, span: timedelta) -> timedelta:
        """Return by how much all steps of the clock together may lengthen a wait of this span."""
        return sum((min(step, span) for step in self._steps), timedelta())

    def _heals_within(self) -> timedelta:
        """Return how long a lost event may go unnoticed."""
        sweeps = timedelta(seconds=2 * self._settings.sweep) + _CLAIM_TAKES
        return sweeps if self.lost_at is not None else timedelta()


_GOES_ON = {
    *("GenerationStarted", "ReplyQueued", "ReplySent", "ReplyUnknown", "ReplyFailed"),
    *("ReplyDropped", "ReplyRefused"),
}


def _key(row: Row) -> tuple[int, str, int]:
    return row["id"], row["status"], row["attempts"]


def _holds_up_answers(item: Row) -> bool:
    found: bool = item["author"] == "bot" or item["status"] != "pending"
    return found


def _free_again(starts: list[datetime], limit: int, span: timedelta) -> datetime:
    """Return from when on another call may start beside these."""
    return starts[-limit] + span if len(starts) >= limit else BEGINNING
