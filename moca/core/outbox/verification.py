from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.core.messages.delivery import ListKnownMessages
from moca.core.outbox.delivery import (
    FoundInRecord,
    MissingFromRecord,
    RecordUnreadable,
    VerificationResult,
)
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.outbox.read_budget import ReadBudget
from moca.core.policy import SenderPolicy

_CALLS_PER_READING = 2
_READING_TAKES = timedelta(minutes=2)
"""A check without an answer after this time is lost, and is repeated."""


@dataclass(slots=True)
class UnconfirmedSend:
    """A reply of which a call may have reached its contact."""

    reply: QueuedReply
    started_at: datetime
    """When the first call began that may have reached its contact."""
    read_at: datetime
    is_reading: bool = False
    absent: int = 0
    """Checks so far that did not find it."""
    unreadable: int = 0
    may_go_again: bool = True


class Verification:
    """Decides when to check Instagram's record for unconfirmed sends, and what a result means.

    `reads` is shared with all other readers of the accounts' records.
    """

    def __init__(self, policy: SenderPolicy, reads: ReadBudget | None = None) -> None:
        self._policy = policy
        self._unconfirmed_sends: dict[int, UnconfirmedSend] = {}
        self._reads = reads or ReadBudget(policy.account_reads_per_second)

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._unconfirmed_sends

    def add(
        self,
        reply: QueuedReply,
        started_at: datetime,
        now: datetime,
        *,
        may_go_again: bool = True,
    ) -> None:
        """Add an unconfirmed send. The first check is delayed because Instagram's record lags."""
        first = now + self._policy.settle
        self._unconfirmed_sends[reply.item_id] = UnconfirmedSend(
            reply, started_at, first, may_go_again=may_go_again
        )

    def forget(self, item_id: int) -> UnconfirmedSend | None:
        """Remove a send that was settled otherwise and return it; None if it is not here."""
        return self._unconfirmed_sends.pop(item_id, None)

    def readings(self, now: datetime) -> tuple[ListKnownMessages, ...]:
        """Return the unconfirmed sends to check now."""
        due = [each for each in self._unconfirmed_sends.values() if self._due_at(each, now) <= now]
        readings = []
        for unconfirmed in sorted(due, key=lambda each: each.read_at):
            account_id = unconfirmed.reply.contact.account_id
            if self._reads.free_at(account_id, now, _CALLS_PER_READING) <= now:
                self._reads.count(account_id, now, _CALLS_PER_READING)
                unconfirmed.is_reading, unconfirmed.read_at = True, now + _READING_TAKES
                readings.append(ListKnownMessages(unconfirmed.reply, unconfirmed.started_at))
        return tuple(readings)

    def count_reading(self, reply: QueuedReply, now: datetime) -> None:
        """Count a check of the record that is made directly before another call."""
        self._reads.count(reply.contact.account_id, now, _CALLS_PER_READING)

    def wake_at(self, now: datetime) -> datetime | None:
        """Return when the next check is due; None if no send is unconfirmed."""
        waiting = [self._due_at(each, now) for each in self._unconfirmed_sends.values()]
        return min(waiting, default=None)

    def read(
        self, item_id: int, result: VerificationResult, now: datetime
    ) -> "VerificationStep | None":
        """Evaluate the result of a check; None if it does not settle the send yet."""
        unconfirmed = self._unconfirmed_sends.get(item_id)
        if unconfirmed is None or not (unconfirmed.is_reading or isinstance(result, FoundInRecord)):
            return None
        unconfirmed.is_reading = False
        unconfirmed.read_at = now + self._policy.settle
        match result:
            case FoundInRecord():
                return self._settle(unconfirmed, result)
            case MissingFromRecord():
                unconfirmed.absent += 1
                if unconfirmed.absent >= self._policy.settle_readings:
                    return self._settle(unconfirmed, MissingFromRecord(unconfirmed.may_go_again))
            case RecordUnreadable():
                unconfirmed.unreadable += 1
                if unconfirmed.unreadable >= self._policy.max_attempts:
                    return self._settle(unconfirmed, result)
        return None

    def _settle(
        self, unconfirmed: UnconfirmedSend, result: VerificationResult
    ) -> "VerificationStep":
        del self._unconfirmed_sends[unconfirmed.reply.item_id]
        return VerificationStep(unconfirmed.reply, result)

    def _due_at(self, unconfirmed: UnconfirmedSend, now: datetime) -> datetime:
        longest = _READING_TAKES if unconfirmed.is_reading else self._policy.settle
        unconfirmed.read_at = min(unconfirmed.read_at, now + longest)
        if unconfirmed.read_at > now:
            return unconfirmed.read_at
        account_id = unconfirmed.reply.contact.account_id
        return self._reads.free_at(account_id, now, _CALLS_PER_READING)


@dataclass(frozen=True, slots=True)
class VerificationStep:
    """The settled outcome of an unconfirmed send; `RecordUnreadable` leaves it to the operator."""

    reply: QueuedReply
    result: VerificationResult
