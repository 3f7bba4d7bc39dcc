from datetime import datetime
from typing import Any

from moca.core.consent import OPTED_OUT, Wish
from moca.core.vocabulary import Stage
from moca.storage.batch import Batch
from moca.storage.cancelling import silence_bot
from moca.storage.models import Contact, Conversation, Message
from moca.storage.writings import Writing

WISHED = {Wish.OPT_OUT: "opted out", Wish.OPT_IN: "opted in"}


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
