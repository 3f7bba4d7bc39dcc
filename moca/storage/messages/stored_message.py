from datetime import datetime
from typing import NamedTuple

from moca.core.types import ContactKey, Outcome, Role
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, Message


class StoredMessage(NamedTuple):
    """A stored message to which an event refers."""

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
        """The contact of the conversation."""
        return ContactKey(self.account_id, self.psid)

    @property
    def is_contacts(self) -> bool:
        """Whether the contact wrote it."""
        return self.role == Role.USER

    @property
    def is_unanswered(self) -> bool:
        """Whether it waits for an answer, and no reply to it is queued."""
        return self.is_contacts and self.outcome is None and not self.processed

    @property
    def is_being_answered(self) -> bool:
        """Whether a reply to it is in the queue and has not ended."""
        return self.is_contacts and self.outcome is None and self.reply_id is not None

    @property
    def is_open_to_edits(self) -> bool:
        """Whether an edit can still change what is answered."""
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


def find_writing(account_id: str, mid: str) -> StoredMessage | None:
    """Return a message by Instagram's id; None if it has not arrived."""
    query = (
        Message.select(*_COLUMNS)
        .join(Conversation)
        .join(Contact)
        .where(
            (Message.mid == mid) & (Message.account_id == account_id) & (Message.kind == "message")
        )
    )
    return next((StoredMessage._make(row) for row in read_rows(query)), None)
