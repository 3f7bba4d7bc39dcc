from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from moca.core.messages.delivery import (
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyClaimed,
)
from moca.core.outbox.delivery import (
    AccountStopped,
    Arrived,
    Delivered,
    DeliveryResult,
    NotArrived,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
    Unreadable,
    VerificationResult,
)
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import SenderPolicy

_FIRST = timedelta(seconds=2)
_LONGEST = timedelta(minutes=5)


_USAGE_PERCENT_FELT = 75
_LONGEST_BREATHER = timedelta(seconds=60)


def breather(usage_percent: float) -> timedelta:
    """Say how long an account pauses between calls, the longer the nearer it is to its quota."""
    felt = min(max(usage_percent - _USAGE_PERCENT_FELT, 0) / (100 - _USAGE_PERCENT_FELT), 1)
    return _LONGEST_BREATHER * felt**2


def backoff(attempt: int, jitter: float) -> timedelta:
    """Say how long to wait after a failed attempt: doubling, capped, spread.

    Args:
        attempt: how many attempts were made, from 1.
        jitter: a number drawn from 0 to 1; it moves the wait between half and the whole span.
    """
    return longest_backoff(attempt) * (0.5 + jitter / 2)


def longest_backoff(attempt: int) -> timedelta:
    """Return the whole span, as drawn with a jitter of 1."""
    doublings = min(max(attempt, 1) - 1, 16)
    return min(_FIRST * (1 << doublings), _LONGEST)


_MAX_CHECK = timedelta(seconds=10)
"""After so long a claim tells nothing any more, so that no call may follow it."""

Record = RecordSent | RecordFailed | RecordUnknown | RecordRetry


@dataclass(frozen=True, slots=True)
class Ended:
    """What a call's end means for the reply and for its account."""

    record: Record
    account_rests_until: datetime | None = None
    account_stopped_until: datetime | None = None
    """When to try again, unless a person has acted before."""
    account_ails: str | None = None
    """Why nothing of this account can go until a person acts; None if it can."""
    is_token_dead: bool = False


def after_call(
    reply: QueuedReply,
    result: DeliveryResult,
    now: datetime,
    policy: SenderPolicy,
    jitter: float,
) -> Ended:
    """Say what is to be written after a call; `jitter` is drawn from 0 to 1."""
    match result:
        case Delivered(mid, usage_percent):
            sent = RecordSent(reply.item_id, mid, now, "Instagram's answer")
            pause = breather(usage_percent)
            return Ended(sent, account_rests_until=now + pause if pause else None)
        case Unconfirmed(because, may_go_again):
            return Ended(RecordUnknown(reply.item_id, because, now, may_go_again))
        case Rejected(because):
            return Ended(RecordFailed(reply.item_id, because, now))
        case Undelivered(because):
            return Ended(_retry_or_fail(reply, because, now, policy, jitter))
        case Throttled(because, wait):
            return _account_rests(reply, because, now, now + (wait or policy.account_pause))
        case AccountStopped(because, is_token_dead):
            until = now + policy.account_pause
            retry = RecordRetry(reply.item_id, because, now, until, is_spent=False)
            return Ended(
                retry,
                account_stopped_until=until,
                account_ails=because,
                is_token_dead=is_token_dead,
            )
        case _:
            assert_never(result)


def after_reading(
    reply: QueuedReply,
    result: VerificationResult,
    now: datetime,
    policy: SenderPolicy,
    jitter: float,
) -> Record | None:
    """Say what is to be written when a doubt is settled; None leaves it to the operator."""
    match result:
        case Arrived(mid, _):
            return RecordSent(reply.item_id, mid, now, "Instagram's record")
        case NotArrived(may_go_again):
            because = "Instagram's record shows that it did not arrive"
            if not may_go_again:
                because = f"{because}; it must not be sent again"
                return RecordFailed(reply.item_id, because, now)
            return _retry_or_fail(reply, because, now, policy, jitter)
        case Unreadable():
            return None
        case _:
            assert_never(result)


def before_resend(
    claimed: ReplyClaimed, result: VerificationResult, now: datetime
) -> RecordSent | RecordUnknown | None:
    """Say what the reading directly before another call means; None lets the call be made."""
    item_id = claimed.reply.item_id
    match result:
        case Arrived(mid, _):
            return RecordSent(item_id, mid, now, "Instagram's record")
        case NotArrived() if abs(now - claimed.at) <= _MAX_CHECK:
            return None
        case NotArrived():
            because = "Instagram took too long to show whether it had arrived"
        case Unreadable(because):
            pass
        case _:
            assert_never(result)
    return RecordUnknown(item_id, f"not sent again: {because}", now)


def not_called(reply: QueuedReply, because: str, now: datetime, until: datetime) -> RecordRetry:
    """Say that a claimed reply was given back before any call was made."""
    return RecordRetry(reply.item_id, because, now, until, is_spent=False, was_called=False)


def put_off(reply: QueuedReply, retry: RecordRetry) -> QueuedReply:
    """Say how a reply waits for its next attempt; where none was spent, it keeps its turn."""
    if retry.is_spent:
        return replace(reply, scheduled_for=retry.retry_at)
    # Its turn had come: where the clock was set back, its schedule would lie ahead again.
    scheduled_for = min(reply.scheduled_for, retry.at)
    return replace(reply, attempts=reply.attempts - 1, scheduled_for=scheduled_for)


def _retry_or_fail(
    reply: QueuedReply, because: str, now: datetime, policy: SenderPolicy, jitter: float
) -> Record:
    if reply.attempts >= policy.max_attempts:
        return RecordFailed(reply.item_id, f"{because}; gave up after {reply.attempts} tries", now)
    return RecordRetry(reply.item_id, because, now, now + backoff(reply.attempts, jitter))


def _account_rests(reply: QueuedReply, because: str, now: datetime, until: datetime) -> Ended:
    retry = RecordRetry(reply.item_id, because, now, until, is_spent=False)
    return Ended(retry, account_rests_until=until)
