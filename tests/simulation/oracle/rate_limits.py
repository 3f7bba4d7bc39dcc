from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from moca.core.types import ContactKey
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.settings import WorldSettings

_SECOND = timedelta(seconds=1)
_MOMENT = timedelta(milliseconds=100)
_CLAIMED_AHEAD = timedelta(milliseconds=150)
"""How long before its turn a reply may be claimed, along with one whose turn comes sooner."""
_HOUR = timedelta(hours=1)
_GUARD = timedelta(milliseconds=5)
"""What the sender leaves, at most, beyond the second that a limit runs for."""
_CALL_BEGINS_WITHIN = timedelta(seconds=15)
"""How long after a claim, for all that a later run knows, its call may have begun."""

Instants = tuple[datetime, ...]
"""True time, what the clock showed, and true time with all that the clock was set forward."""
"""True time, and what the machine's clock showed."""


class SendingLimits:
    """Watches when calls are made, and which goes before which."""

    def __init__(
        self,
        settings: WorldSettings,
        clockwork: Clockwork,
        ledger: Ledger,
        slack: timedelta,
        is_broken: Callable[[Invariant, str], None],
    ) -> None:
        self._settings = settings
        self._clockwork = clockwork
        self._ledger = ledger
        self._is_broken = is_broken
        self.slack = slack
        self.starts: list[tuple[Instants, ContactKey]] = []
        self.stopped: set[str] = set()
        """Accounts that were stopped or throttled at some time."""
        self.up_since = self.blind_until = clockwork.true
        """From when on the sender may be expected to know the whole queue."""
        self.ends: dict[ContactKey, list[Instants]] = defaultdict(list)
        self.under_way: set[ContactKey] = set()
        self._waits: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._pauses: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        """Moca's own near a quota; they are not kept through a restart."""
        self._forgot_at: list[Instants] = []
        """When the process died or its sender crashed."""
        self.private: list[tuple[Instants, str]] = []
        self._left_at: dict[ContactKey, datetime] = {}
        """When a reply was last known to have left a contact's queue: the next became the first."""

    @property
    def now(self) -> Instants:
        true = self._clockwork.true
        return true, self._clockwork.now(), true + self._clockwork.leapt

    def call_started(self, contact: ContactKey, *, is_private: bool) -> None:
        """Judge a call by those before it."""
        self._judge_pace(contact, self.now)
        if is_private:
            self._judge_private(contact, self.now)
        self.starts.append((self.now, contact))
        self.under_way.add(contact)

    def call_ended(self, contact: ContactKey) -> None:
        self.under_way.discard(contact)
        self.ends[contact].append(self.now)

    def reply_left(self, contact: ContactKey) -> None:
        self._left_at[contact] = self._clockwork.now()

    def told_to_wait(self, account_id: str, until: datetime) -> None:
        self._waits[account_id].append((self._clockwork.true, until))

    def pauses(self, account_id: str, until: datetime) -> None:
        self._pauses[account_id].append((self._clockwork.true, until))

    def died(self, saved_until: datetime) -> None:
        """What Moca was told, and did not write down by then, it knows no more."""
        self.under_way.clear()
        # Nor that it called a contact who has been erased since.
        called = {contact_of(each) for each in self._ledger.items("q.attempts > 0")}
        self.starts = [(at, to) for at, to in self.starts if to in called]
        self._forgets(saved_until)

    def lost_events(self) -> None:
        """What the sender was not told, it learns by a sweep."""
        sweeps = timedelta(seconds=2 * self._settings.sweep + 15)
        self.blind_until = self._clockwork.true + sweeps

    def sender_crashed(self) -> None:
        """What the sender had in hand, it learns anew from the database."""
        self.up_since = self._clockwork.true
        self._forgets(self._clockwork.true - _SECOND)

    def _forgets(self, saved_until: datetime) -> None:
        self._forgot_at.append(self.now)
        self._pauses.clear()
        for waits in self._waits.values():
            waits[:] = [each for each in waits if each[0] < saved_until]

    def judge_priority(self, item: Row) -> None:
        """Judge which reply goes first; `call_started` comes before."""
        settings = self._settings
        claimed_at = instant(item["sending_at"])
        waited = claimed_at - _SECOND - self.slack
        is_simple = settings.capacity == 4000 and settings.account_per_second >= settings.per_second
        is_simple = is_simple and settings.private_replies_per_hour > 1
        is_simple = is_simple and self._clockwork.true > self.blind_until
        if not is_simple or self.up_since > self._clockwork.true - 3 * _SECOND - self.slack:
            return
        lanes: dict[ContactKey, Row] = {}
        under_way = set()
        waiting = "q.status IN ('pending', 'sending', 'unknown') AND q.id <> ?"
        for each in self._ledger.items(waiting, item["id"]):
            key = contact_of(each)
            if each["status"] != "pending" or (
                each["attempts"] and instant(each["scheduled_for"]) > waited
            ):
                under_way.add(key)
            elif instant(each["scheduled_for"]) <= waited and instant(each["created_at"]) <= waited:
                lanes[key] = min(lanes.get(key, each), each, key=_turn)
        for contact, first in lanes.items():
            is_own = contact == contact_of(item)
            is_rested = self._rested(contact, waited) and self._claim_is_past(first, waited)
            may_go = contact not in under_way and (is_own or is_rested)
            if contact.account_id != item["account_id"]:
                may_go = may_go and not self._is_at_its_limit(contact.account_id, claimed_at)
            is_news = self._left_at.get(contact, waited) > waited
            if may_go and not is_news and _turn(first) < _turn(item):
                self._is_broken(
                    Invariant.PRIORITY, f"item {item['id']} goes before item {first['id']}"
                )

    def private_starts(self, account_id: str) -> list[datetime]:
        """Return when private replies began in true time, for all that Moca knows.

        Of a claim that died uncalled, a later run cannot know that no call followed.
        """
        called = [at[0] for at, account in self.private if account == account_id]
        passed = self._clockwork.true - self._clockwork.now()
        claims = [
            instant(each["sending_at"]) + passed
            for each in self._ledger.items("q.sending_at IS NOT NULL AND m.comment_id IS NOT NULL")
            if each["account_id"] == account_id and self._forgot_at
        ]
        uncalled = [
            at
            for at in claims
            if not any(at <= start <= at + _CALL_BEGINS_WITHIN for start in called)
        ]
        return sorted(called + uncalled)

    def _judge_pace(self, contact: ContactKey, now: Instants) -> None:
        settings = self._settings
        self._judge_rate([at for at, _ in self.starts], settings.per_second, now, "over all")
        own = [at for at, to in self.starts if to.account_id == contact.account_id]
        self._judge_rate(own, settings.account_per_second, now, "for the account")
        to_them = [at for at, to in self.starts if to == contact]
        cooldown = timedelta(seconds=settings.user_cooldown)
        if to_them and closer(to_them[-1], now, cooldown) and self._knows(to_them[-1], contact):
            self._is_broken(
                Invariant.SENDING_LIMITS,
                f"two calls to {contact.psid} within the cooldown of a user",
            )
        account_id = contact.account_id
        # Calls that a slow machine had handed over by then still begin.
        under_way = _MOMENT + 10 * timedelta(seconds=settings.step_cost)
        for told_at, until in (*self._waits[account_id], *self._pauses[account_id]):
            if told_at + under_way < now[0] < until - self.slack:
                self._is_broken(
                    Invariant.SENDING_LIMITS, f"{contact.account_id} was told to wait until {until}"
                )

    def _knows(self, start: Instants, contact: ContactKey) -> bool:
        """Return whether Moca knows of a call: after a restart, by a reply not deleted by age."""
        if all(start[0] > forgot[0] for forgot in self._forgot_at):
            return True
        sends = self._ledger.items("q.sending_at IS NOT NULL")
        return any(
            contact_of(each) == contact
            and timedelta() <= start[1] - instant(each["sending_at"]) <= _CALL_BEGINS_WITHIN
            for each in sends
        )

    def _judge_rate(self, starts: list[Instants], limit: int, now: Instants, what: str) -> None:
        if len(starts) >= limit and closer(starts[-limit], now, _SECOND):
            self._is_broken(Invariant.SENDING_LIMITS, f"more than {limit} calls in a second {what}")

    def _judge_private(self, contact: ContactKey, now: Instants) -> None:
        own = [at for at, account_id in self.private if account_id == contact.account_id]
        limit = self._settings.private_replies_per_hour
        # After a restart Moca knows of a call only when it was claimed.
        if len(own) >= limit and closer(own[-limit], now, _HOUR - 2 * _SECOND - self.slack):
            self._is_broken(
                Invariant.SENDING_LIMITS, f"more than {limit} private replies in an hour"
            )
        self.private.append((now, contact.account_id))

    def _is_at_its_limit(self, account_id: str, claimed_at: datetime) -> bool:
        """Return whether the account's own limit delayed it when another account's call began."""
        *before, _ = self.starts
        own = [at[1] for at, to in before if to.account_id == account_id]
        limit = self._settings.account_per_second
        if len(own) < limit:
            return False
        return claimed_at < own[-limit] + _SECOND + _GUARD - _CLAIMED_AHEAD + self.slack

    def _rested(self, contact: ContactKey, by: datetime) -> bool:
        if self._waits[contact.account_id] or contact.account_id in self.stopped:
            return False
        # After a restart Moca knows of a call that did not end only when it was claimed.
        started = [
            (at[0] + _CALL_BEGINS_WITHIN, at[1] + _CALL_BEGINS_WITHIN)
            if any(each[0] > at[0] for each in self._forgot_at)
            else at
            for at, to in self.starts
            if to == contact
        ]
        own = started + self.ends[contact]
        if contact in self.under_way:
            return False
        rest = timedelta(seconds=self._settings.user_cooldown)
        return all(max(at[:2]) + rest <= by for at in own)

    def _claim_is_past(self, item: Row, by: datetime) -> bool:
        """Return whether a claim that a death cut short no longer makes the contact rest.

        After a restart Moca cannot know that the call of such a claim was never made.
        """
        if item["sending_at"] is None:
            return True
        claimed_at = instant(item["sending_at"])
        if all(forgot[1] <= claimed_at for forgot in self._forgot_at):
            return True
        rest = timedelta(seconds=self._settings.user_cooldown)
        return claimed_at + _CALL_BEGINS_WITHIN + rest <= by


def closer(earlier: Instants, later: Instants, span: timedelta) -> bool:
    """Return whether two instants are less than a span apart by any of their clocks."""
    return all(after - before < span for before, after in zip(earlier, later, strict=True))


def _turn(row: Row) -> tuple[int, int]:
    return row["priority"], row["id"]
