from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.core.messages.delivery import ListKnownMids
from moca.core.outbox.delivery import Arrived, NotArrived, Unreadable, VerificationResult
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.outbox.read_budget import Reads
from moca.core.policy import SenderPolicy

_CALLS_PER_READING = 2
_READING_TAKES = timedelta(minutes=2)
"""A reading of which nothing was heard for so long was lost, and is made again."""


@dataclass(slots=True)
class Doubt:
    """A reply of which a call may or may not have reached its contact."""

    reply: QueuedReply
    started_at: datetime
    """When the first call began that may have reached its contact."""
    read_at: datetime
    is_reading: bool = False
    absent: int = 0
    """Readings so far that did not show it."""
    unreadable: int = 0
    may_go_again: bool = True


class Settling:
    """Decides when Instagram's record is read for doubtful replies, and what a reading means.

    `reads` is shared with whoever else reads in the accounts' names.
    """

    def __init__(self, policy: SenderPolicy, reads: Reads | None = None) -> None:
        self._policy = policy
        self._doubts: dict[int, Doubt] = {}
        self._reads = reads or Reads(policy.account_reads_per_second)

    def __contains__(self, item_id: int) -> bool:
        return item_id in self._doubts

    def add(
        self,
        reply: QueuedReply,
        started_at: datetime,
        now: datetime,
        *,
        may_go_again: bool = True,
    ) -> None:
        """Take up a doubtful reply; the first reading waits, because readings lag."""
        first = now + self._policy.settle
        self._doubts[reply.item_id] = Doubt(reply, started_at, first, may_go_again=may_go_again)

    def forget(self, item_id: int) -> Doubt | None:
        """Drop a doubt that was settled otherwise; None if there was none."""
        return self._doubts.pop(item_id, None)

    def readings(self, now: datetime) -> tuple[ListKnownMids, ...]:
        """Say for which replies to read Instagram's record now."""
        due = [each for each in self._doubts.values() if self._due_at(each, now) <= now]
        readings = []
        for doubt in sorted(due, key=lambda each: each.read_at):
            account_id = doubt.reply.contact.account_id
            if self._reads.free_at(account_id, now, _CALLS_PER_READING) <= now:
                self._reads.count(account_id, now, _CALLS_PER_READING)
                doubt.is_reading, doubt.read_at = True, now + _READING_TAKES
                readings.append(ListKnownMids(doubt.reply, doubt.started_at))
        return tuple(readings)

    def count_reading(self, reply: QueuedReply, now: datetime) -> None:
        """Count a reading of the record that is made directly before another call."""
        self._reads.count(reply.contact.account_id, now, _CALLS_PER_READING)

    def wake_at(self, now: datetime) -> datetime | None:
        """Tell when the next reading is due; None while nothing is in doubt."""
        waiting = [self._due_at(each, now) for each in self._doubts.values()]
        return min(waiting, default=None)

    def read(self, item_id: int, result: VerificationResult, now: datetime) -> "Verdict | None":
        """Weigh a reading; None while nothing can be said yet."""
        doubt = self._doubts.get(item_id)
        if doubt is None or not (doubt.is_reading or isinstance(result, Arrived)):
            return None
        doubt.is_reading = False
        doubt.read_at = now + self._policy.settle
        match result:
            case Arrived():
                return self._settle(doubt, result)
            case NotArrived():
                doubt.absent += 1
                if doubt.absent >= self._policy.settle_readings:
                    return self._settle(doubt, NotArrived(doubt.may_go_again))
            case Unreadable():
                doubt.unreadable += 1
                if doubt.unreadable >= self._policy.max_attempts:
                    return self._settle(doubt, result)
        return None

    def _settle(self, doubt: Doubt, result: VerificationResult) -> "Verdict":
        del self._doubts[doubt.reply.item_id]
        return Verdict(doubt.reply, result)

    def _due_at(self, doubt: Doubt, now: datetime) -> datetime:
        longest = _READING_TAKES if doubt.is_reading else self._policy.settle
        doubt.read_at = min(doubt.read_at, now + longest)
        if doubt.read_at > now:
            return doubt.read_at
        account_id = doubt.reply.contact.account_id
        return self._reads.free_at(account_id, now, _CALLS_PER_READING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Instagram's record says in the end; `Unreadable` leaves it to the operator."""

    reply: QueuedReply
    result: VerificationResult
