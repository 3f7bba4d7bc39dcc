from dataclasses import dataclass
from datetime import datetime, timedelta

from moca.core.inbound.event_rules import rule_of
from moca.core.instants import in_text

BOT_WINDOW = timedelta(hours=24)
"""How long after a contact's message bot and operators may write."""
OPERATOR_WINDOW = timedelta(days=7)
"""How long operators may write, with the human agent tag."""
BY_ITS_TIMESTAMP = "24-hour window starts at Instagram's timestamp"
"""How the window of almost every message opens, in its journey."""
_OLDEST_TIMESTAMP = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class ReplyWindow:
    """Until when Instagram allows the account to write to a contact."""

    kind: str
    """`open`: bot and operators may write; `people`: operators only, with the human agent tag;
    `shut`: no replies."""
    until: datetime | None


def window_at(opened_at: datetime | None, at: datetime) -> ReplyWindow:
    """Return the reply window at an instant, given when it was last opened."""
    if opened_at is None:
        return ReplyWindow("shut", None)
    if at < opened_at + BOT_WINDOW:
        return ReplyWindow("open", opened_at + BOT_WINDOW)
    if at < opened_at + OPERATOR_WINDOW:
        return ReplyWindow("people", opened_at + OPERATOR_WINDOW)
    return ReplyWindow("shut", opened_at + OPERATOR_WINDOW)


def window_opening(sent_at: datetime | None, received_at: datetime) -> tuple[datetime, str]:
    """Return when a message opens the reply window, and by which clock."""
    at_receipt = "24-hour window starts at receipt: Instagram"
    if sent_at is None:
        return received_at, f"{at_receipt} sent no timestamp"
    if sent_at > received_at:
        return received_at, f"{at_receipt}'s timestamp is in the future"
    if received_at - sent_at > _OLDEST_TIMESTAMP:
        return received_at, f"{at_receipt}'s timestamp is {in_text(sent_at)}"
    return sent_at, BY_ITS_TIMESTAMP


def opened_before(kind: str, sent_at: datetime | None, received_at: datetime) -> datetime | None:
    """Return when a message opens the window if that is before its receipt, else None."""
    if not rule_of(kind).opens_window:
        return None
    opening, _ = window_opening(sent_at, received_at)
    return opening if opening < received_at else None
