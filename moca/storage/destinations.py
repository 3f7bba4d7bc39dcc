from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from moca.core.contact import ContactKey
from moca.core.hold import Hold
from moca.core.vocabulary import ConversationStatus
from moca.storage.models import Contact, Conversation
from moca.storage.selection import Selection

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
    """A conversation that a reply is to be queued in."""

    conversation_id: int
    status: str
    held_until: datetime | None
    account_id: str
    psid: str
    opted_out_at: datetime | None

    @property
    def contact(self) -> ContactKey:
        """The contact who will receive it."""
        return ContactKey(self.account_id, self.psid)

    @property
    def hold(self) -> Hold:
        """Who may answer, as stored: it may have run out."""
        return Hold(ConversationStatus(self.status), self.held_until)


def find_destinations(conversation_ids: Iterable[int]) -> dict[int, Destination]:
    """Read conversations by id, and keep other writers from them until the commit."""
    found = map(Destination._make, _BY_ID.among(sorted(set(conversation_ids))))
    return {each.conversation_id: each for each in found}
