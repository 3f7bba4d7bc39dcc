from datetime import datetime

from moca.core.feed import FeedEvent, FeedKind
from moca.core.inbound.events import Deletion
from moca.core.messages.inbound import MessageErased
from moca.core.reasons import Because, Reason
from moca.core.types import Author, ContactKey, MessageStatus, Outcome, Role, Stage
from moca.storage.db.tables import IS_HELD_REPLY, IS_PENDING, Event, Message, QueueItem
from moca.storage.inbound.webhook_bodies import redact_bodies_of
from moca.storage.messages.contact_conversations import ContactConversations
from moca.storage.messages.duplicates import answer_after_all, first_repeat_of
from moca.storage.messages.outcomes import conclude, outcome_event
from moca.storage.messages.stored_message import StoredMessage, find_writing
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import hold_items
from moca.storage.outbox.unsent_inputs import unwanted_among
from moca.storage.search.purge import purge_soon
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.owners import detach_from_message

UNSENT_BECAUSE = Because(Reason.UNSENT)
"""Why a message is not answered any more."""


def unsend(batch: Batch, deletion: Deletion, webhook_id: int, at: datetime) -> None:
    """Erase a message that a contact unsent and do not answer it; mark one that the account unsent.

    If the message has not arrived, a placeholder is stored, so that it arrives erased.
    """
    account_id = deletion.event.account_id
    writing = find_writing(account_id, deletion.mid)
    if deletion.by_account:
        _mark(batch, writing, at)
        return
    if writing is None:
        if deletion.contact is not None:
            _take_its_place(batch, deletion.contact, deletion.mid, webhook_id, at)
    elif not writing.is_contacts:
        return
    elif writing.deleted_at is None:
        _erase(writing.id, at)
        batch.note(writing.id, at, Stage.STATE, "unsent", "text and media erased")
        batch.publish(FeedEvent(FeedKind.MESSAGE_UNSENT, at, writing.id))
        _do_not_answer(batch, writing, at)
        batch.tell(MessageErased(writing.contact, writing.conversation_id, writing.id))
        repeat = first_repeat_of(writing.id) if writing.outcome is None else None
        if repeat is not None:
            answer_after_all(batch, repeat, writing, "the message it duplicated was unsent", at)
    erase_traces(account_id, deletion.mid)


def erase_traces(account_id: str, mid: str) -> None:
    """Erase a message's text from its edits and from the webhook bodies that carried it."""
    redact_bodies_of(account_id, mid)
    edits = (Event.mid == mid) & (Event.account_id == account_id) & (Event.kind == "edit")
    Event.update(detail="{}").where(edits).execute()


def _mark(batch: Batch, writing: StoredMessage | None, at: datetime) -> None:
    if writing is None or writing.is_contacts or writing.deleted_at is not None:
        return
    Message.update(deleted_at=at).where(Message.id == writing.id).execute()
    detach_from_message(batch, writing.id)
    batch.note(writing.id, at, Stage.DELIVERY, "unsent", "unsent by the account")
    batch.publish(FeedEvent(FeedKind.MESSAGE_UNSENT, at, writing.id))


def _erase(message_id: int, at: datetime) -> None:
    erased = Message.update(text="", content=None, deleted_at=at)
    erased.where(Message.id == message_id).execute()
    purge_soon()


def _do_not_answer(batch: Batch, writing: StoredMessage, at: datetime) -> None:
    if writing.outcome is not None:
        return
    if writing.reply_id is None:
        conclude(batch, [writing.id], Outcome.SUPPRESSED, UNSENT_BECAUSE, at)
        return
    unsent = (QueueItem.message == writing.reply_id) & (IS_HELD_REPLY | IS_PENDING)
    for item in hold_items(unsent):
        if unwanted_among([item]):
            cancel_items(batch, [item], UNSENT_BECAUSE, at)
        else:
            conclude(batch, [writing.id], Outcome.SUPPRESSED, UNSENT_BECAUSE, at)


def _take_its_place(
    batch: Batch, contact: ContactKey, mid: str, webhook_id: int, at: datetime
) -> None:
    conversations = ContactConversations([contact])
    conversation = conversations.of(contact)
    conversation.go_on(at)
    conversations.write()
    message = Message.create(
        conversation=conversation.conversation_id,
        webhook=webhook_id,
        account_id=contact.account_id,
        kind="message",
        mid=mid,
        role=Role.USER,
        author=Author.CONTACT,
        type="unsupported",
        created_at=at,
        status=MessageStatus.RECEIVED,
        processed=True,
        outcome=Outcome.SUPPRESSED,
        because=UNSENT_BECAUSE,
        reason=Reason.UNSENT,
        deleted_at=at,
    )
    batch.note(message.id, at, Stage.STATE, "unsent", "before it arrived")
    batch.note(message.id, at, Stage.OUTCOME, Outcome.SUPPRESSED, UNSENT_BECAUSE)
    batch.publish(
        FeedEvent(FeedKind.MESSAGE_UNSENT, at, message.id),
        outcome_event(message.id, Outcome.SUPPRESSED, UNSENT_BECAUSE, at),
    )
