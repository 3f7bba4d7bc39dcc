from datetime import datetime, timedelta
from typing import NamedTuple

from moca.core.types import ConversationStatus

_HELD_BECAUSE = {
    ConversationStatus.PAUSED: "the conversation is paused",
    ConversationStatus.HUMAN: "a teammate has taken over",
    ConversationStatus.STANDBY: "another app holds the thread",
    ConversationStatus.CLOSED: "the conversation is closed",
}


class Hold(NamedTuple):
    """Who may answer in a conversation, and until when; None until that is changed."""

    status: ConversationStatus
    until: datetime | None


def held_because(status: str) -> str:
    """Return why the bot may not answer in a conversation that is not open."""
    return _HELD_BECAUSE[ConversationStatus(status)]


def hold_after_reply(before: Hold, at: datetime, takeover: timedelta) -> Hold:
    """Return the hold once a teammate has written: it never ends earlier than the one before."""
    if before.until is not None and before.until <= at:
        before = Hold(ConversationStatus.OPEN, None)
    has_no_end = before.status is not ConversationStatus.OPEN and before.until is None
    if has_no_end or before.status is ConversationStatus.STANDBY:
        return before
    until = at + takeover
    return Hold(ConversationStatus.HUMAN, max(until, before.until or until))
