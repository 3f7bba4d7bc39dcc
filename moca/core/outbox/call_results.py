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
    Delivered,
    DeliveryResult,
    FoundInRecord,
    MissingFromRecord,
    NotBegun,
    RecordUnreadable,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
    VerificationResult,
)
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import SenderPolicy

_FIRST = timedelta(seconds=2)
_MAX_BACKOFF = timedelta(minutes=5)


_USAGE_PERCENT_FELT = 75
_MAX_USAGE_PAUSE = timedelta(seconds=60)


def usage_pause(usage_percent: float) -> timedelta:
    """Return the pause between an account's calls; it grows as the account nears its quota."""
    felt = min(max(usage_percent - _USAGE_PERCENT_FELT, 0) / (100 - _USAGE_PERCENT_FELT), 1)
    return _MAX_USAGE_PAUSE * felt**2


def backoff(attempt: int, jitter: float) -> timedelta:
    """Return the delay after a failed attempt: exponential, capped and jittered.

    Args:
        attempt: how many attempts were made, from 1.
        jitter: a random number from 0 to 1; it scales the delay between half and the full span.
    """
    return max_backoff(attempt) * (0.5 + jitter / 2)


def max_backoff(attempt: int) -> timedelta:
    """Return the full delay after this attempt, as `backoff` returns it for a jitter of 1."""
    doublings = min(max(attempt, 1) - 1, 16)
    return min(_FIRST * (1 << doublings), _MAX_BACKOFF)


_MAX_CHECK = timedelta(seconds=10)
"""An older claim no longer proves anything, so no call may follow it."""

Record = RecordSent | RecordFailed | RecordUnknown | RecordRetry


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The consequences of a call for the reply and its account."""

    record: Record
    account_rests_until: datetime | None = None
    account_stopped_until: datetime | None = None
    """When to try again, unless an operator acts first."""
    account_problem: str | None = None
    """Why the account cannot send until an operator acts; None if it can."""
    is_token_dead: bool = False


def after_call(
    reply: QueuedReply,
    result: DeliveryResult,
    now: datetime,
    policy: SenderPolicy,
    jitter: float,
) -> CallEnded:
    """Return what to record after a call. `jitter` is a random number from 0 to 1."""
    match result:
        case Delivered(mid, _):
            sent = RecordSent(reply.item_id, mid, now, "confirmed by Instagram")
            return CallEnded(sent, account_rests_until=rest_after(result, now, policy))
        case Unconfirmed(because, may_go_again):
            return CallEnded(RecordUnknown(reply.item_id, because, now, may_go_again))
        case Rejected(because):
            return CallEnded(RecordFailed(reply.item_id, because, now))
        case Undelivered(because):
            return CallEnded(_retry_or_fail(reply, because, now, policy, jitter))
        case NotBegun(because, until):
            return CallEnded(not_called(reply, because, now, until))
        case Throttled(because, _):
            until = rest_after(result, now, policy) or now
            return CallEnded(_resting(reply, because, now, until), account_rests_until=until)
        case AccountStopped(because, is_token_dead):
            until = now + policy.account_pause
            return CallEnded(
                replace(_resting(reply, because, now, until), needs_operator=True),
                account_stopped_until=until,
                account_problem=because,
                is_token_dead=is_token_dead,
            )
        case _:
            assert_never(result)


def rest_after(result: DeliveryResult, now: datetime, policy: SenderPolicy) -> datetime | None:
    """Return until when a call asks that its account make no other; None if it does not."""
    match result:
        case Delivered(_, usage_percent):
            pause = usage_pause(usage_percent)
            return now + pause if pause else None
        case Throttled(_, wait):
            return now + (wait or policy.account_pause)
        case _:
            return None


def after_reading(
    reply: QueuedReply,
    result: VerificationResult,
    now: datetime,
    policy: SenderPolicy,
    jitter: float,
) -> Record:
    """Return what to record after verifying a send; `RecordUnknown` leaves it to the operator."""
    match result:
        case FoundInRecord(mid, _):
            return RecordSent(reply.item_id, mid, now, "found in Instagram's message history")
        case MissingFromRecord(may_go_again):
            because = "not found in Instagram's message history"
            if not may_go_again:
                because = f"{because}; not sent again"
                return RecordFailed(reply.item_id, because, now)
            return _retry_or_fail(reply, because, now, policy, jitter)
        case RecordUnreadable(because):
            # It may be unknown on disk already, unless the news of the call's result was lost.
            return RecordUnknown(reply.item_id, because, now, may_go_again=False)
        case _:
            assert_never(result)


def before_resend(
    claimed: ReplyClaimed, result: VerificationResult, now: datetime
) -> RecordSent | RecordUnknown | None:
    """Return what the check directly before another call means; None allows the call."""
    item_id = claimed.reply.item_id
    match result:
        case FoundInRecord(mid, _):
            return RecordSent(item_id, mid, now, "found in Instagram's message history")
        case MissingFromRecord() if abs(now - claimed.at) <= _MAX_CHECK:
            return None
        case MissingFromRecord():
            because = "delivery could not be confirmed in time"
        case RecordUnreadable(because):
            pass
        case _:
            assert_never(result)
    return RecordUnknown(item_id, f"not sent again: {because}", now)


def not_called(reply: QueuedReply, because: str, now: datetime, until: datetime) -> RecordRetry:
    """Return the retry of a claimed reply that was given back before any call was made."""
    if until <= now:
        return RecordRetry(reply.item_id, because, now, until, is_spent=False, was_called=False)
    return replace(_resting(reply, because, now, until), was_called=False)


def rescheduled(reply: QueuedReply, retry: RecordRetry) -> QueuedReply:
    """Return the reply as it waits for its next attempt; if none was spent, it keeps its turn."""
    if retry.is_spent:
        return replace(reply, scheduled_for=retry.retry_at)
    # Its turn had come: after the clock was set back, its schedule would be in the future again.
    scheduled_for = min(reply.scheduled_for, retry.at)
    return replace(reply, attempts=reply.attempts - 1, scheduled_for=scheduled_for)


def _retry_or_fail(
    reply: QueuedReply, because: str, now: datetime, policy: SenderPolicy, jitter: float
) -> Record:
    if reply.attempts >= policy.max_attempts:
        return RecordFailed(
            reply.item_id, f"{because}; gave up after {reply.attempts} attempts", now
        )
    return RecordRetry(reply.item_id, because, now, now + backoff(reply.attempts, jitter))


def _resting(reply: QueuedReply, because: str, now: datetime, until: datetime) -> RecordRetry:
    account_id = reply.contact.account_id
    return RecordRetry(
        reply.item_id, because, now, until, is_spent=False, resting_account=account_id
    )
