from enum import StrEnum
from typing import Self

from moca.core.types import ConversationStatus


class Reason(StrEnum):
    """Why a message was not answered, or a reply not sent: logic reads this, people the text."""

    ASKED_FOR_PERSON = "asked_for_person"
    CANCELLED = "cancelled"
    DASHBOARD_TEST = "dashboard_test"
    DISCARDED = "discarded"
    DUPLICATE = "duplicate"
    HANDED_OVER = "handed_over"
    HOURLY_LIMIT = "hourly_limit"
    IN_STANDBY = "in_standby"
    NO_REPLY_MADE = "no_reply_made"
    NO_REPLY_WANTED = "no_reply_wanted"
    OPTED_OUT = "opted_out"
    OUTSIDE_HOURS = "outside_hours"
    RECALLED = "recalled"
    RESTORED = "restored"
    SUPERSEDED = "superseded"
    TOPIC_OFF = "topic_off"
    UNSENT = "unsent"
    WINDOW_CLOSED = "window_closed"
    # The bot was held before the message came.
    IS_CLOSED = "is_closed"
    IS_PAUSED = "is_paused"
    IS_TAKEN_OVER = "is_taken_over"
    # The bot was held while the message waited.
    WAS_CLOSED = "was_closed"
    WAS_PAUSED = "was_paused"
    WAS_TAKEN_OVER = "was_taken_over"
    TEAMMATE_REPLIED = "teammate_replied"
    TEAMMATE_REPLIED_IN_APP = "teammate_replied_in_app"


class Because(str):
    """What people read of why something ended, together with its code.

    Equal to its text, and a plain `str` wherever only the text counts.
    """

    __slots__ = ("reason",)
    reason: Reason

    def __new__(cls, reason: Reason, text: str = "") -> Self:
        """Make it with its usual text, or with one that has the figures."""
        made = super().__new__(cls, text or _TEXTS[reason])
        made.reason = reason
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[Reason, str]]:
        return type(self), (self.reason, str(self))


def code_of(because: str) -> Reason | None:
    """Return the code of what was written by `Because`; None for any other text."""
    return because.reason if isinstance(because, Because) else None


def stored_reason(code: str | None, because: str) -> Reason | None:
    """Return the reason of a stored row; None if no decision depends on it.

    Rows written before 0.2.0 hold no code; their text names the reason.
    """
    if code is not None:
        return Reason(code)
    return next((reason for part, reason in _FORMER_TEXTS if part in because), None)


def because_held(status: str) -> Because:
    """Return why the bot may not answer in a conversation that is not open."""
    return Because(_HELD[ConversationStatus(status)])


def because_stopped(status: str, before: ConversationStatus = ConversationStatus.OPEN) -> Because:
    """Return why what waited in a conversation ended when it came to be held.

    What waited in one that was held `before` was never to be answered by the bot.
    """
    if before in _HELD:
        return because_held(before)
    return Because(_STOPPED[ConversationStatus(status)])


_HELD = {
    ConversationStatus.PAUSED: Reason.IS_PAUSED,
    ConversationStatus.HUMAN: Reason.IS_TAKEN_OVER,
    ConversationStatus.STANDBY: Reason.IN_STANDBY,
    ConversationStatus.CLOSED: Reason.IS_CLOSED,
}
_STOPPED = {
    ConversationStatus.PAUSED: Reason.WAS_PAUSED,
    ConversationStatus.HUMAN: Reason.WAS_TAKEN_OVER,
    ConversationStatus.STANDBY: Reason.IN_STANDBY,
    ConversationStatus.CLOSED: Reason.WAS_CLOSED,
}
_TEXTS = {
    Reason.ASKED_FOR_PERSON: "the contact asked for a person",
    Reason.CANCELLED: "a teammate cancelled the reply",
    Reason.DASHBOARD_TEST: "a test message from Meta's dashboard",
    Reason.DISCARDED: "a teammate discarded the draft",
    Reason.DUPLICATE: "same text",
    Reason.HANDED_OVER: "handed over to the team",
    Reason.HOURLY_LIMIT: "limit of replies per contact per hour reached",
    Reason.IN_STANDBY: "another app controls the thread",
    Reason.NO_REPLY_MADE: "no reply could be generated",
    Reason.NO_REPLY_WANTED: "no reply needed",
    Reason.OPTED_OUT: "the contact opted out of automatic messages",
    Reason.OUTSIDE_HOURS: "outside business hours",
    Reason.RECALLED: "the message it answers was edited",
    Reason.RESTORED: "restored from a backup: it may have been answered since",
    Reason.SUPERSEDED: "the contact wrote more before the reply was sent",
    Reason.TOPIC_OFF: "the bot does not answer this topic",
    Reason.UNSENT: "the contact unsent the message",
    Reason.WINDOW_CLOSED: "the reply window has closed",
    Reason.IS_CLOSED: "the conversation is closed",
    Reason.IS_PAUSED: "the bot is paused",
    Reason.IS_TAKEN_OVER: "a teammate has taken over",
    Reason.WAS_CLOSED: "the conversation was closed",
    Reason.WAS_PAUSED: "the bot was paused",
    Reason.WAS_TAKEN_OVER: "a teammate took over",
    Reason.TEAMMATE_REPLIED: "a teammate replied",
    Reason.TEAMMATE_REPLIED_IN_APP: "a teammate replied in the Instagram app",
}
_FORMER_TEXTS = (
    ("the contact opted out", Reason.OPTED_OUT),
    ("unsent by its writer", Reason.UNSENT),
    ("outside business hours", Reason.OUTSIDE_HOURS),
    ("window shut", Reason.WINDOW_CLOSED),
    ("window is shut", Reason.WINDOW_CLOSED),
    ("replies to one contact within an hour", Reason.HOURLY_LIMIT),
    ("no reply is wanted", Reason.NO_REPLY_WANTED),
    ("no reply could be made", Reason.NO_REPLY_MADE),
    ("asked for a person", Reason.ASKED_FOR_PERSON),
    ("handed over to a person", Reason.HANDED_OVER),
    ("another app holds th", Reason.IN_STANDBY),
    ("dashboard", Reason.DASHBOARD_TEST),
    ("the conversation was closed", Reason.WAS_CLOSED),
    ("the conversation was paused", Reason.WAS_PAUSED),
    ("a person took over", Reason.WAS_TAKEN_OVER),
    ("a person answered in the Instagram app", Reason.TEAMMATE_REPLIED_IN_APP),
    ("the conversation is closed", Reason.IS_CLOSED),
    ("the conversation is paused", Reason.IS_PAUSED),
    ("the conversation is human", Reason.IS_TAKEN_OVER),
    ("the conversation is standby", Reason.IN_STANDBY),
    ("a person has taken over", Reason.IS_TAKEN_OVER),
    ("a teammate replied", Reason.TEAMMATE_REPLIED),
    ("a teammate has taken over", Reason.IS_TAKEN_OVER),
    ("cancelled", Reason.CANCELLED),
    ("what it answers was edited", Reason.RECALLED),
    ("same text", Reason.DUPLICATE),
)
