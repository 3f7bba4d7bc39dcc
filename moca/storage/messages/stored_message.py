from datetime import datetime
from typing import Any, NamedTuple

from moca.core.types import ContactKey, Outcome, Role
from moca.storage.db.tables import Contact, Conversation, Message


class Writing(NamedTuple):
    """A stored message that Instagram tells something about."""

    id: int
    conversation_id: int
    role: str
    text: str
    processed: bool
    outcome: str | None
    reply_id: int | None
    deleted_at: datetime | None
    account_id: str
    psid: str

    @property
    def contact(self) -> ContactKey:
        """With whom it was exchanged."""
        return ContactKey(self.account_id, self.psid)

    @property
    def is_contacts(self) -> bool:
        """Whether the contact wrote it."""
        return self.role == Role.USER

    @property
    def is_unanswered(self) -> bool:
        """Whether nobody has taken it up to answer it."""
        return self.is_contacts and self.outcome is None and not self.processed

    @property
    def is_being_answered(self) -> bool:
        """Whether a reply to it is in the queue, and has not come to its end."""
        return self.is_contacts and self.outcome is None and self.reply_id is not None

    @property
    def is_open_to_edits(self) -> bool:
        """Whether another text can still make a difference to what is answered."""
        return self.is_unanswered or (self.is_contacts and self.outcome == Outcome.DUPLICATE)


_COLUMNS = (
    Message.id,
    Message.conversation,
    Message.role,
    Message.text,
    Message.processed,
    Message.outcome,
    Message.reply,
    Message.deleted_at,
    Contact.account_id,
    Contact.psid,
)


def find_writing(account_id: str, mid: str) -> Writing | None:
    """Find a message by Instagram's id; None where it has not come."""
    query: Any = (
        Message.select(*_COLUMNS)
        .join(Conversation)
        .join(Contact)
        .where(
            (Message.mid == mid) & (Message.account_id == account_id) & (Message.kind == "message")
        )
    )
    return next((Writing._make(row) for row in query.tuples()), None)
