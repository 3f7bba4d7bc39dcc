from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from moca.core.reasons import Reason
from moca.core.types import ConversationStatus, Outcome


class WorkList(StrEnum):
    """A list of conversations in the inbox."""

    NEEDS_REPLY = "needs_reply"
    WAITING_FOR_CONTACT = "waiting_for_contact"
    WITH_BOT = "with_bot"
    MINE = "mine"
    MENTIONS = "mentions"
    UNASSIGNED = "unassigned"
    UNREAD = "unread"
    SNOOZED = "snoozed"
    CLOSED = "closed"
    ALL_OPEN = "all_open"


_FOR_PEOPLE = frozenset(
    {
        Reason.ASKED_FOR_PERSON,
        Reason.CANCELLED,
        Reason.DISCARDED,
        Reason.HANDED_OVER,
        Reason.HOURLY_LIMIT,
        Reason.IS_PAUSED,
        Reason.IS_TAKEN_OVER,
        Reason.NO_REPLY_MADE,
        Reason.OPTED_OUT,
        Reason.OUTSIDE_HOURS,
        Reason.RESTORED,
        Reason.TOPIC_OFF,
        Reason.WAS_PAUSED,
        Reason.WAS_TAKEN_OVER,
        Reason.WINDOW_CLOSED,
    }
)


def work_list_of(
    status: ConversationStatus, needs_reply_since: datetime | None, *, is_snoozed: bool = False
) -> WorkList:
    """Return the list of a conversation by whose turn it is; `status` is the current one.

    *Mine*, *Mentions*, *Unassigned*, *Unread* and *All open* cut across these lists; of them, only
    *Mentions* and *Unread* show what is snoozed or closed.
    """
    if status is ConversationStatus.CLOSED:
        return WorkList.CLOSED
    if is_snoozed:
        return WorkList.SNOOZED
    if needs_reply_since is not None:
        return WorkList.NEEDS_REPLY
    return WorkList.WITH_BOT if status is ConversationStatus.OPEN else WorkList.WAITING_FOR_CONTACT


def waits_for_person(outcome: Outcome, reason: Reason | None) -> bool:
    """Return whether a message with this outcome is left to the team."""
    if outcome is Outcome.FAILED:
        return True
    return outcome is Outcome.SUPPRESSED and reason in _FOR_PEOPLE


class NeededReply(NamedTuple):
    """What a conversation waits for the team with."""

    since: datetime
    last_id: int
    """The id of the conversation's latest message when the latest of it came to wait."""


def needs_reply_after(
    need: NeededReply | None,
    outcome: Outcome,
    reason: Reason | None,
    *,
    message_id: int,
    latest_id: int,
    at: datetime,
) -> NeededReply | None:
    """Return what a conversation waits for the team with, once one of its messages has ended.

    An answer counts only if its message came after all that waits: an answer to the rest of a burst
    leaves the message that failed to the team. Clocks can be set back, so ids tell what came after.

    Args:
        need: What it waits with so far.
        outcome: How the message ended.
        reason: Why; None if an answer needs none.
        message_id: The message that ended.
        latest_id: The conversation's latest message of either side.
        at: When the message ended.
    """
    if waits_for_person(outcome, reason):
        return NeededReply(at if need is None else need.since, latest_id)
    if outcome is Outcome.ANSWERED and need is not None and message_id > need.last_id:
        return None
    return need
