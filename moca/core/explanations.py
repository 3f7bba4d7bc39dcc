from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

from moca.core.policy import ConversationPolicy
from moca.core.reasons import Reason
from moca.core.types import Outcome

_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnansweredMessage:
    """A message that was not answered, with the facts known at the decision."""

    outcome: Outcome
    reason: Reason | None
    arrived_at: datetime
    ended_at: datetime
    first_at: datetime | None = None
    """When the message that it repeats arrived."""
    bot_replied_at: datetime | None = None
    """When the bot last replied before that."""
    person_wrote_at: datetime | None = None
    """When someone last wrote in the Instagram app before that."""


def would_have_answered(silence: UnansweredMessage, in_force: ConversationPolicy) -> str:
    """Return a sentence saying what would have led to a reply, or "" if nothing is known to."""
    if silence.outcome is Outcome.DUPLICATE:
        return _repeat(silence, in_force)
    explain = None if silence.reason is None else _BY_REASON.get(silence.reason)
    return "" if explain is None else explain(silence, in_force)


def _repeat(silence: UnansweredMessage, in_force: ConversationPolicy) -> str:
    gap = silence.arrived_at - (silence.first_at or silence.arrived_at)
    if timedelta(0) < gap <= in_force.dedup:
        return (
            f"This message repeats one sent {_seconds(gap)} earlier. With dedup_seconds below "
            f"{_number(gap)}, the bot would have replied."
        )
    return "The bot would have replied if this message had arrived after its reply."


def _stopped(silence: UnansweredMessage, in_force: ConversationPolicy) -> str:
    """Return how the message could have been answered before the bot was stopped."""
    debounced_at = silence.arrived_at + in_force.debounce
    replied_at = silence.bot_replied_at
    if silence.ended_at <= silence.arrived_at:
        return _held(silence, in_force)
    if debounced_at >= silence.ended_at:
        left = silence.ended_at - silence.arrived_at
        return f"With a debounce below {_seconds(left)}, the bot would have replied before that."
    if replied_at is not None and replied_at + in_force.cooldown >= silence.ended_at:
        left = max(silence.ended_at - replied_at - timedelta(seconds=1), timedelta(0))
        return f"With a cooldown of {floor(left.total_seconds())} s, the bot would have replied."
    return "The bot would have replied if it had been stopped a little later."


def _held(silence: UnansweredMessage, in_force: ConversationPolicy) -> str:
    wrote_at = silence.person_wrote_at
    if wrote_at is not None and silence.arrived_at - wrote_at < in_force.takeover:
        minutes = floor((silence.arrived_at - wrote_at) / _A_MINUTE)
        return (
            f"With takeover_minutes at {minutes}, the bot would have resumed in time. It would "
            "also have replied if you had handed the conversation back."
        )
    return (
        "The bot would have replied if you had handed the conversation back before this message "
        "arrived."
    )


def _always(sentence: str) -> Callable[[UnansweredMessage, ConversationPolicy], str]:
    return lambda _silence, _in_force: sentence


_BY_REASON: Mapping[Reason, Callable[[UnansweredMessage, ConversationPolicy], str]] = {
    Reason.OPTED_OUT: _always("Once the contact writes the opt-in word, the bot replies again."),
    Reason.UNSENT: _always("Nothing: the contact unsent the message."),
    Reason.OUTSIDE_HOURS: _always(
        "With business_hours.answer_when_open, the message would have waited until opening time."
    ),
    Reason.WINDOW_CLOSED: _always(
        "It could have been sent earlier. A teammate can reply for 7 days."
    ),
    Reason.HOURLY_LIMIT: _always(
        "With a higher replies_per_hour, or an hour later, the bot would have replied."
    ),
    Reason.NO_REPLY_WANTED: _always(
        "With another generator at the end of replies.generator, the bot would have replied."
    ),
    Reason.NO_REPLY_MADE: _always(
        'With "fixed" at the end of replies.generator, the bot would have replied.'
    ),
    Reason.ASKED_FOR_PERSON: _always(
        "Without that word in escalation_words, the bot would have replied."
    ),
    Reason.HANDED_OVER: _always("A teammate can reply, or hand the conversation back to the bot."),
    Reason.RESTORED: _always("A teammate can read the thread on Instagram and reply if needed."),
    Reason.IN_STANDBY: _always("The bot replies again once the other app returns the thread."),
    Reason.DASHBOARD_TEST: _always("Nothing: this is Meta's own test, not a contact's message."),
    Reason.CANCELLED: _always("The reply would have been sent if it had not been cancelled."),
    Reason.WAS_CLOSED: _stopped,
    Reason.WAS_PAUSED: _stopped,
    Reason.WAS_TAKEN_OVER: _stopped,
    Reason.TEAMMATE_REPLIED: _stopped,
    Reason.TEAMMATE_REPLIED_IN_APP: _stopped,
    Reason.IS_CLOSED: _held,
    Reason.IS_PAUSED: _held,
    Reason.IS_TAKEN_OVER: _held,
}


def _seconds(span: timedelta) -> str:
    return f"{_number(span)} s"


def _number(span: timedelta) -> str:
    return f"{span.total_seconds():.1f}".removesuffix(".0")
