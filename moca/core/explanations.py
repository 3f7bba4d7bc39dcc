from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor

from moca.core.conversation.consent import OPTED_OUT
from moca.core.types import Outcome

_A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A message that was not answered, and what was known when that was decided."""

    outcome: Outcome
    because: str
    arrived_at: datetime
    ended_at: datetime
    first_at: datetime | None = None
    """When the message that it repeats arrived."""
    bot_spoke_at: datetime | None = None
    """When the bot last said something before that."""
    person_wrote_at: datetime | None = None
    """When a person last wrote in the Instagram app before that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The settings of which another value would have made a difference."""

    dedup: timedelta
    debounce: timedelta
    cooldown: timedelta
    takeover: timedelta


def would_have_answered(silence: Silence, in_force: InForce) -> str:
    """Say what would have changed a silence, in one sentence; empty where nothing is known to."""
    if silence.outcome is Outcome.DUPLICATE:
        return _repeat(silence, in_force)
    for fragment, say in _BY_REASON:
        if fragment in silence.because:
            return say(silence, in_force)
    return ""


def _repeat(silence: Silence, in_force: InForce) -> str:
    gap = silence.arrived_at - (silence.first_at or silence.arrived_at)
    if timedelta(0) < gap <= in_force.dedup:
        return (
            f"It came {_seconds(gap)} after the same text: with dedup_seconds below "
            f"{_number(gap)} it would have been answered."
        )
    return "Had it come after the bot's answer, it would have been answered too."


def _stopped(silence: Silence, in_force: InForce) -> str:
    """Say how it could have been answered before somebody stopped the bot."""
    debounced_at = silence.arrived_at + in_force.debounce
    spoke_at = silence.bot_spoke_at
    if silence.ended_at <= silence.arrived_at:
        return _held(silence, in_force)
    if debounced_at >= silence.ended_at:
        left = silence.ended_at - silence.arrived_at
        return f"With a debounce below {_seconds(left)} it would have been answered before that."
    if spoke_at is not None and spoke_at + in_force.cooldown >= silence.ended_at:
        left = max(silence.ended_at - spoke_at - timedelta(seconds=1), timedelta(0))
        return f"With a cooldown of {floor(left.total_seconds())} s it would have been answered."
    return "Had the bot been stopped a little later, it would have been answered."


def _held(silence: Silence, in_force: InForce) -> str:
    wrote_at = silence.person_wrote_at
    if wrote_at is not None and silence.arrived_at - wrote_at < in_force.takeover:
        minutes = floor((silence.arrived_at - wrote_at) / _A_MINUTE)
        return (
            f"With takeover_minutes at {minutes} the bot would have been back in time; so it "
            "would, handed back by hand."
        )
    return "Handed back to the bot before it came, it would have been answered."


def _says(sentence: str) -> Callable[[Silence, InForce], str]:
    return lambda _silence, _in_force: sentence


_BY_REASON: tuple[tuple[str, Callable[[Silence, InForce], str]], ...] = (
    (OPTED_OUT, _says("Once the contact writes the word that opts in, the bot answers again.")),
    ("unsent by its writer", _says("Nothing: its writer took it back.")),
    (
        "outside business hours",
        _says("With business_hours.answer_when_open it would have waited for the opening."),
    ),
    (
        "window shut",
        _says("Earlier it could still have gone; a person may write for seven days."),
    ),
    (
        "window is shut",
        _says("Earlier it could still have gone; a person may write for seven days."),
    ),
    (
        "replies to one contact within an hour",
        _says("With a higher replies_per_hour, or an hour later, it would have been answered."),
    ),
    (
        "no reply is wanted",
        _says("With a generator after these in replies.generator it would have been answered."),
    ),
    (
        "no reply could be made",
        _says('With "fixed" at the end of replies.generator it would have been answered.'),
    ),
    (
        "asked for a person",
        _says("Without that word in escalation_words it would have been answered."),
    ),
    (
        "handed over to a person",
        _says("Answered by the person it was handed to, or handed back to the bot, it goes on."),
    ),
    (
        "another app holds the thread",
        _says("Once the other app hands the thread back, the bot answers again."),
    ),
    ("dashboard", _says("Nothing: it is Meta's own test, not somebody's message.")),
    ("the conversation was", _stopped),
    ("a person took over", _stopped),
    ("a person answered in the Instagram app", _stopped),
    ("the conversation is", _held),
    ("a person has taken over", _held),
    ("a teammate replied", _stopped),
    ("a teammate has taken over", _held),
    ("cancelled", _says("Had its reply not been cancelled, it would have been sent.")),
)


def _seconds(span: timedelta) -> str:
    return f"{_number(span)} s"


def _number(span: timedelta) -> str:
    return f"{span.total_seconds():.1f}".removesuffix(".0")
