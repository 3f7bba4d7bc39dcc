from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from moca.core.messages.push import PushesTaken
from moca.core.push import MAX_ATTEMPTS, Push, PushAnswer, PushKind, PushOutcome, PushSubscription
from moca.storage.writer import Written
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row


class _Due(NamedTuple):
    """A push message for one browser."""

    kind: PushKind
    conversation_id: int
    at: datetime
    subscription_id: int


class PushWatch:
    """Judges which push messages come to be, which browsers they go to, and that each goes once.

    A queued message survives every crash. A taken one is in memory, and is excused if it was lost.
    """

    def __init__(self, ledger: Ledger, is_broken: Callable[[Invariant, str], None]) -> None:
        self._ledger = ledger
        self._is_broken = is_broken
        self._open = Counter[_Due]()
        """Taken from the queue, with neither an end nor an excuse."""
        self._taken = Counter[_Due]()
        self._delivered = Counter[_Due]()
        self._attempts = Counter[_Due]()
        self._excused: set[int] = set()
        """Subscriptions whose push service was left alone for a while, or knows them no more."""
        self._loses_all = False
        self._since: dict[int, int | None] = {}
        self._queued: dict[int, Row] = {}
        self._is_wanted = False
        self._targets: dict[int, set[int]] = {}
        """Before the commit, by conversation."""

    @property
    def is_waiting(self) -> bool:
        """Whether push messages are queued or taken that may still be delivered."""
        return bool(self._ledger.queued_pushes() or self._undelivered())

    def is_about_to_commit(self) -> None:
        """Note what needs a reply, and what is queued for which browsers, before a commit."""
        self._since = self._needs()
        self._is_wanted = self._ledger.has_push_targets()
        self._targets = {each: set(self._ledger.push_targets(each)) for each in self._since}
        self._queued = {row["id"]: row for row in self._ledger.queued_pushes()}

    def committed(self, written: Written) -> None:
        """Judge what a commit queued and took."""
        pushes = [
            push
            for event in written.events
            if isinstance(event, PushesTaken)
            for push in event.pushes
        ]
        queued = {row["id"]: row for row in self._ledger.queued_pushes()}
        seen = [_name(row) for key, row in queued.items() if key not in self._queued]
        seen += [(push.kind, push.conversation_id) for push in pushes]
        is_wanted = self._is_wanted and self._ledger.has_push_targets()
        for conversation_id, since in self._needs().items():
            is_news = since is not None and self._since.get(conversation_id) is None
            if is_news and is_wanted and (PushKind.NEEDS_REPLY, conversation_id) not in seen:
                told = f"conversation {conversation_id} came to need a reply, and no push is queued"
                self._is_broken(Invariant.PUSHED, told)
        taken = Counter((push.kind, push.conversation_id) for push in pushes)
        for key in self._queued.keys() - queued.keys():
            row = self._queued[key]
            if not taken[_name(row)] and self._ledger.has_conversation(row["conversation_id"]):
                self._is_broken(Invariant.PUSHED, f"push {key} left the queue, and was not taken")
        # Operators may have assigned it twice within one commit, and the push went out in between.
        assigned = {push.conversation_id for push in pushes if push.kind is PushKind.ASSIGNMENT}
        for push in pushes:
            self._take(push, is_assignee_known=push.conversation_id not in assigned)

    def asked(self, push: Push, subscription: PushSubscription, answer: PushAnswer) -> None:
        """Judge an attempt to deliver, at the push service."""
        due = _Due(push.kind, push.conversation_id, push.at, subscription.id)
        self._attempts[due] += 1
        is_delivered = answer.outcome is PushOutcome.DELIVERED
        self._delivered[due] += is_delivered
        if self._delivered[due] > self._taken[due]:
            self._is_broken(Invariant.PUSHED, f"{due} arrives {self._delivered[due]} times")
        is_last = self._attempts[due] % MAX_ATTEMPTS == 0
        if answer.outcome is PushOutcome.GONE or (not is_delivered and is_last):
            self._excused.add(subscription.id)
        if answer.outcome is not PushOutcome.FAILED or is_last:
            self._open[due] -= 1

    def forgets(self) -> None:
        """What was in memory may be lost from now on."""
        self._open.clear()

    def may_lose_all(self) -> None:
        """What is in memory may be lost at any time from now on."""
        self._loses_all = True

    def judge_the_end(self) -> None:
        """Judge that nothing waits, and that nothing was lost without a reason."""
        for row in self._ledger.queued_pushes():
            self._is_broken(Invariant.PUSHED, f"push {row['id']} stays in the queue")
        for due in self._undelivered():
            self._is_broken(Invariant.PUSHED, f"{due} never went")

    def _undelivered(self) -> list[_Due]:
        if self._loses_all:
            return []
        return [
            due
            for due, number in self._open.items()
            if number > 0 and due.subscription_id not in self._excused
        ]

    def _take(self, push: Push, *, is_assignee_known: bool) -> None:
        ids = [each.id for each in push.subscriptions]
        after = set(self._ledger.push_targets(push.conversation_id))
        # The same commit may have assigned the conversation, before or afterwards.
        before = self._targets.get(push.conversation_id, after)
        is_right = before & after <= set(ids) <= before | after
        if push.kind is PushKind.NEEDS_REPLY and is_assignee_known and not is_right:
            told = f"{push.kind} of conversation {push.conversation_id} goes to {ids}"
            self._is_broken(Invariant.PUSHED, f"{told}, not to {sorted(after)}")
        for each in ids:
            due = _Due(push.kind, push.conversation_id, push.at, each)
            self._taken[due] += 1
            self._open[due] += 1

    def _needs(self) -> dict[int, int | None]:
        return {row["id"]: row["needs_reply_since"] for row in self._ledger.conversations()}


def _name(row: Row) -> tuple[PushKind, int]:
    return PushKind(row["kind"]), row["conversation_id"]
