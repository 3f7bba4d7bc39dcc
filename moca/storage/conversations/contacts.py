from collections.abc import Sequence
from datetime import datetime
from typing import Any

from moca.core.conversation.consent import OPTED_OUT, Consent, Wish
from moca.core.messages.conversation import RecordName
from moca.core.types import ContactKey, Role, Stage, readable_name
from moca.storage.db.fields import storable
from moca.storage.db.tables import Contact, Conversation, Message, is_contact
from moca.storage.messages.stored_message import Writing
from moca.storage.outbox.cancel import silence_bot
from moca.storage.unit_of_work import Batch

_LATER_MESSAGES = 100
WISHED = {Wish.OPT_OUT: "opted out", Wish.OPT_IN: "opted in"}


def is_overruled(contact: ContactKey, wish: Wish, at: datetime, consent: Consent) -> bool:
    """Tell whether a contact wished the opposite after an instant, as far as 100 messages tell."""
    opposite = consent.opt_in if wish is Wish.OPT_OUT else consent.opt_out
    texts: Any = Message.select(Message.text).join(Conversation).join(Contact)
    is_theirs = (Message.role == Role.USER.value) & (Message.text != "")
    is_later = (Message.sent_at > at) | (Message.sent_at.is_null() & (Message.created_at > at))
    later = texts.where(is_contact(contact) & is_theirs & is_later).order_by(Message.id.desc())
    return any(opposite.are(text) for (text,) in later.limit(_LATER_MESSAGES).tuples())


def heed_edit(batch: Batch, writing: Writing, text: str, at: datetime) -> Wish | None:
    """Write down what a message changes about being written to by how it was edited."""
    columns = (Contact.id, Contact.opted_out_at)
    query: Any = Conversation.select(*columns).join(Contact)
    ((contact_id, opted_out_at),) = query.where(Conversation.id == writing.conversation_id).tuples()
    wish = batch.policy.consent.wish_of(text, has_opted_out=opted_out_at is not None)
    if wish is None:
        return None
    since = at if wish is Wish.OPT_OUT else None
    changed: Any = Contact.update(opted_out_at=since)
    changed.where(Contact.id == contact_id).execute()
    Message.update(wish=wish).where(Message.id == writing.id).execute()
    if wish is Wish.OPT_OUT:
        silence_bot(batch, writing.conversation_id, OPTED_OUT, at, sparing=[writing.id])
    batch.note(writing.id, at, Stage.STATE, WISHED[wish])
    return wish


def record_names(_batch: Batch, commands: Sequence[RecordName]) -> None:
    """Write what contacts are called; nothing for one that was erased meanwhile."""
    for command in commands:
        named = Contact.update(name=readable_name(storable(command.name)))
        named.where(is_contact(command.contact)).execute()
