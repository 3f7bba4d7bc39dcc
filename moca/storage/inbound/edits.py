import json
from datetime import datetime

from moca.core.feed import FeedEvent, FeedKind
from moca.core.inbound.events import Edit
from moca.core.messages.inbound import MessageEdited
from moca.core.types import ContactKey, Stage
from moca.storage.conversations.contacts import change_consent_by_edit
from moca.storage.db.fields import storable
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Event, Message
from moca.storage.inbound.messages import Arrival, store_arrivals
from moca.storage.inbound.unsends import erase_traces
from moca.storage.inbound.webhook_bodies import WebhookBody, note_bodies, redact_body
from moca.storage.messages.duplicates import answer_after_all
from moca.storage.messages.stored_message import StoredMessage, find_writing
from moca.storage.outbox.recall import recall_reply
from moca.storage.unit_of_work import Batch


def edit_message(batch: Batch, edit: Edit, webhook_id: int, at: datetime) -> None:
    """Apply an edit to an unanswered message; for any other, only record it.

    A reply waiting in the queue is recalled. An edit that arrives before its message carries the
    whole message, and is stored in its place.
    """
    if edit.number < 1:
        return
    writing = find_writing(edit.event.account_id, edit.mid)
    if writing is None:
        if edit.message is not None:
            store_arrivals(batch, [Arrival(webhook_id, at, edit.message, "edited")])
    elif writing.deleted_at is not None:
        erase_traces(edit.event.account_id, edit.mid)
    elif not edit.text or _is_overtaken(edit):
        _only_record(batch, edit, writing, at)
    elif writing.is_open_to_edits:
        _replace_text(batch, edit, writing, at)
    elif writing.reply_id is not None and writing.is_being_answered:
        _take_up(batch, edit, writing, writing.reply_id, at)
    else:
        _only_record(batch, edit, writing, at)


def record_edit_again(edit: Edit, webhook_id: int, at: datetime) -> None:
    """Record the webhook of a repeated edit, or redact it if its message was unsent."""
    writing = find_writing(edit.event.account_id, edit.mid)
    if writing is not None and writing.deleted_at is not None:
        redact_body(webhook_id, edit.mid)
    elif edit.text:
        contact = edit.contact or ContactKey(edit.event.account_id, "")
        note_bodies([WebhookBody(webhook_id, contact, edit.mid, at)])


def _only_record(
    batch: Batch, edit: Edit, writing: StoredMessage, at: datetime, because: str = ""
) -> None:
    detail = f"edit {edit.number} was recorded only" + (f": {because}" if because else "")
    batch.note(writing.id, at, Stage.RECEPTION, "edited", detail)


def _take_up(batch: Batch, edit: Edit, writing: StoredMessage, reply_id: int, at: datetime) -> None:
    is_the_same = storable(edit.text) == writing.text
    because = "the text is unchanged" if is_the_same else recall_reply(batch, reply_id, at)
    if because is None:
        unanswered = writing._replace(processed=False, reply_id=None)
        _replace_text(batch, edit, unanswered, at, "before the reply was sent")
    else:
        _only_record(batch, edit, writing, at, because)


def _replace_text(
    batch: Batch,
    edit: Edit,
    writing: StoredMessage,
    at: datetime,
    when: str = "before a reply was queued",
) -> None:
    text = storable(edit.text)
    Message.update(text=text).where(Message.id == writing.id).execute()
    batch.note(writing.id, at, Stage.RECEPTION, "edited", f"edit {edit.number}, {when}")
    batch.publish(FeedEvent(FeedKind.MESSAGE_EDITED, at, writing.id))
    consent_change = change_consent_by_edit(batch, writing, text, at)
    if writing.is_unanswered:
        conversation_id = writing.conversation_id
        batch.tell(
            MessageEdited(writing.contact, conversation_id, writing.id, text, consent_change)
        )
    elif text != writing.text:
        answer_after_all(batch, writing.id, writing, "no longer a duplicate after the edit", at)


def _is_overtaken(edit: Edit) -> bool:
    """Return whether a later edit of the message arrived before this one."""
    query = Event.select(Event.detail).where(
        (Event.mid == edit.mid)
        & (Event.account_id == edit.event.account_id)
        & (Event.kind == "edit")
    )
    numbers = (json.loads(detail).get("num_edit", "0") for (detail,) in read_rows(query))
    return any(int(number) > edit.number for number in numbers)
