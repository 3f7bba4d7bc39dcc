from datetime import datetime, timedelta
from typing import NamedTuple

from moca.core.types import ConversationStatus


class Hold(NamedTuple):
    """Who may answer in a conversation, and until when; `until` is None if the hold has no end."""

    status: ConversationStatus
    until: datetime | None


def hold_after_reply(before: Hold, at: datetime, takeover: timedelta) -> Hold:
    """Return the hold once a teammate has written: it never ends earlier than the one before."""
    if before.until is not None and before.until <= at:
        before = Hold(ConversationStatus.OPEN, None)
    has_no_end = before.status is not ConversationStatus.OPEN and before.until is None
    if has_no_end or before.status is ConversationStatus.STANDBY:
        return before
    until = at + takeover
    return Hold(ConversationStatus.HUMAN, max(until, before.until or until))
