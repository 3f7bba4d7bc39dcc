from collections.abc import Sequence
from typing import NamedTuple

from moca.core.messages.replies import ReplyShared, ShareReply
from moca.core.types import ContactKey, MessageStatus, Outcome, Stage
from moca.storage.db.bulk import Update
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.handlers import handles
from moca.storage.messages.outcomes import conclude, unanswered_inputs
from moca.storage.outbox.enqueue import queue_replies
from moca.storage.outbox.refusals import is_outdated
from moca.storage.unit_of_work import Batch

_INPUTS = Update(Message, Message.processed, Message.reply)
_GOES_OR_WENT = (
    MessageStatus.HELD,
    MessageStatus.QUEUED,
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.SENT,
)


class _Shared(NamedTuple):
    reply_id: int
    status: str
    mid: str | None
    contact: ContactKey

    @property
    def name(self) -> str:
        return self.mid or f"moca-{self.reply_id}"


@handles(ShareReply)
def share_replies(batch: Batch, commands: Sequence[ShareReply]) -> None:
    """Answer messages with the reply to another one, or with their own if that one is gone."""
    for command in commands:
        queue = command.instead
        unanswered = unanswered_inputs(queue.input_ids)
        shared = _reply_to(command.same_as, queue.conversation_id)
        if shared is None or not unanswered or is_outdated(queue, unanswered):
            queue_replies(batch, [queue])
        else:
            _share(batch, command, shared, tuple(unanswered))


def _share(batch: Batch, command: ShareReply, shared: _Shared, inputs: Sequence[int]) -> None:
    at = command.instead.at
    _INPUTS.each((True, shared.reply_id, each) for each in inputs)
    for each in inputs:
        batch.note(each, at, Stage.QUEUE, "shared", f"reply {shared.name} says the same")
    if shared.status == MessageStatus.SENT:
        conclude(batch, inputs, Outcome.ANSWERED, f"answered by {shared.name}", at)
    batch.tell(ReplyShared(shared.contact, command.instead.input_ids))


def _reply_to(message_id: int, conversation_id: int) -> _Shared | None:
    """Return the reply to a message that is held, queued, sent or unconfirmed, or None."""
    reply = Message.alias()
    columns = (reply.id, reply.status, reply.mid, Contact.account_id, Contact.psid)
    query = (
        Message.select(*columns)
        .join(reply, on=Message.reply == reply.id)
        .switch(Message)
        .join(Conversation)
        .join(Contact)
        .where(
            (Message.id == message_id)
            & (Message.conversation == conversation_id)
            & (reply.status << _GOES_OR_WENT)
        )
    )
    for reply_id, status, mid, account_id, psid in read_rows(query):
        return _Shared(reply_id, status, mid, ContactKey(account_id, psid))
    return None
