from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from moca.core.messages.operator_actions import ConversationChanged
from moca.core.notifications import NotificationKind


class FeedKind(StrEnum):
    """The kinds of events in the feed for other programs."""

    MESSAGE_RECEIVED = "message.received"
    """A contact wrote."""
    MESSAGE_SENT = "message.sent"
    """A message of the account reached its contact: the bot's, an operator's, or from the app."""
    MESSAGE_ANSWERED = "message.answered"
    """A contact's message has got its reply."""
    MESSAGE_DUPLICATE = "message.duplicate"
    """A contact's message repeated another and is not answered."""
    MESSAGE_SUPPRESSED = "message.suppressed"
    """A contact's message is not answered, for the reason given."""
    MESSAGE_FAILED = "message.failed"
    """A contact's message could not be answered, or a reply could not be sent."""
    MESSAGE_HELD = "message.held"
    """A reply waits for a teammate's approval, or for its delay to end."""
    MESSAGE_UNCONFIRMED = "message.unconfirmed"
    """It is unknown whether a reply arrived, until another event settles it."""
    MESSAGE_EDITED = "message.edited"
    """A contact edited a message before it was answered."""
    MESSAGE_UNSENT = "message.unsent"
    """A message was unsent; of a contact's message, the content is erased."""
    MESSAGE_REMOVED = "message.removed"
    """A message written in the app turned out to be the echo of one of Moca's."""
    CONVERSATION_CHANGED = "conversation.changed"
    """Who may answer in a conversation changed."""
    CONVERSATION_HANDED_OVER = "conversation.handed_over"
    """The bot handed a conversation over to the team."""
    CONVERSATION_TAKEN_OVER = "conversation.taken_over"
    """A teammate took over a conversation by replying in the Instagram app."""
    CONTACT_OPTED_OUT = "contact.opted_out"
    CONTACT_OPTED_IN = "contact.opted_in"
    CONTACT_ERASED = "contact.erased"
    """A contact was erased: delete everything with this contact ID."""
    ACCOUNT_CONNECTED = "account.connected"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_REMOVED = "account.removed"
    ACCOUNT_TOKEN_RENEWED = "account.token_renewed"  # noqa: S105
    ACCOUNT_TOKEN_DEAD = "account.token_dead"  # noqa: S105
    ACCOUNT_QUIET = "account.quiet"
    """No webhooks arrive for an account that is usually busy."""
    ACCOUNT_WEBHOOKS_MISSED = "account.webhooks_missed"
    """Messages were found in Instagram's record that no webhook had brought."""
    QUEUE_FROZEN = "queue.frozen"
    QUEUE_RELEASED = "queue.released"
    BUDGET_SPENT = "budget.spent"
    """The language model's calls for this day or hour are spent."""
    DATABASE_RESTORED = "database.restored"
    """A backup was restored: of the events before, those after `restored_after` are undone."""


KINDS_OF_NOTIFICATIONS: Mapping[NotificationKind, FeedKind] = {
    NotificationKind.HANDED_OVER: FeedKind.CONVERSATION_HANDED_OVER,
    NotificationKind.TAKEN_OVER: FeedKind.CONVERSATION_TAKEN_OVER,
    NotificationKind.ACCOUNT_PROBLEM: FeedKind.ACCOUNT_TOKEN_DEAD,
    NotificationKind.BUDGET_SPENT: FeedKind.BUDGET_SPENT,
    NotificationKind.ACCOUNT_QUIET: FeedKind.ACCOUNT_QUIET,
}


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A fact for other programs; never contains what was written, or who wrote it."""

    kind: FeedKind
    at: datetime
    message_id: int | None = None
    """The row of the message, which is read together with the event while it exists."""
    conversation_id: int | None = None
    """Left out where the message has it, as is the account."""
    account_id: str | None = None
    detail: Mapping[str, str | int | None] = field(default_factory=dict)
    """Fields of the event's own, without anything of a contact."""


def conversation_event(changed: ConversationChanged, at: datetime) -> FeedEvent:
    """Return the feed's event of a change of who may answer."""
    until = None if changed.held_until is None else changed.held_until.isoformat()
    detail = {"status": str(changed.status), "held_until": until}
    return FeedEvent(
        FeedKind.CONVERSATION_CHANGED,
        at,
        conversation_id=changed.conversation_id,
        account_id=changed.contact.account_id,
        detail=detail,
    )
