from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from moca.core.conversation.hold import Hold
from moca.core.types import ContactKey, ConversationStatus
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Contact, Conversation

_BY_ID = Selection(
    lambda: Conversation.select(
        Conversation.id,
        Conversation.status,
        Conversation.held_until,
        Contact.account_id,
        Contact.psid,
        Contact.opted_out_at,
    ).join(Contact),
    Conversation.id,
    hold=(Conversation,),
)


class Destination(NamedTuple):
    """A conversation in which a reply is to be queued."""

    conversation_id: int
    status: str
    held_until: datetime | None
    account_id: str
    psid: str
    opted_out_at: datetime | None

    @property
    def contact(self) -> ContactKey:
        """The contact who receives it."""
        return ContactKey(self.account_id, self.psid)

    @property
    def hold(self) -> Hold:
        """The hold as stored; it may have expired."""
        return Hold(ConversationStatus(self.status), self.held_until)


def find_destinations(conversation_ids: Iterable[int]) -> dict[int, Destination]:
    """Read conversations by id, and lock them against other writers until the commit."""
    found = map(Destination._make, _BY_ID.among(sorted(set(conversation_ids))))
    return {each.conversation_id: each for each in found}
