import json
from datetime import datetime
from typing import Any

from moca.core.contact import ContactKey
from moca.core.messages import MessageEdited
from moca.core.vocabulary import Stage
from moca.core.webhook import Edit
from moca.storage.arrivals import Arrival, store_arrivals
from moca.storage.batch import Batch
from moca.storage.bodies import Body, note_bodies, scrub_body
from moca.storage.models import Event, Message
from moca.storage.repeats import hear_after_all
from moca.storage.storable import storable
from moca.storage.unsending import erase_traces
from moca.storage.wishes import heed_edit
from moca.storage.writings import Writing, find_writing


def edit_message(batch: Batch, edit: Edit, webhook_id: int, at: datetime) -> None:
    """Let an unanswered message read as edited; of any other the edit is only recorded.

    An edit that comes before its message tells the whole of it, and stands for it.
    """
    if edit.number < 1:
        return
    writing = find_writing(edit.event.account_id, edit.mid)
    if writing is None:
        if edit.message is not None:
            store_arrivals(batch, [Arrival(webhook_id, at, edit.message, "edited")])
    elif writing.deleted_at is not None:
        erase_traces(edit.event.account_id, edit.mid)
    elif edit.text and writing.is_open_to_edits and not _is_overtaken(edit):
        _replace_text(batch, edit, writing, at)
    else:
        batch.note(
            writing.id, at, Stage.RECEPTION, "edited", f"edit {edit.number} is only recorded"
        )


def hear_edit_again(edit: Edit, webhook_id: int, at: datetime) -> None:
    """Remember in which body an edit came again; where its message was unsent, keep none of it."""
    writing = find_writing(edit.event.account_id, edit.mid)
    if writing is not None and writing.deleted_at is not None:
        scrub_body(webhook_id, edit.mid)
    elif edit.text:
        contact = edit.contact or ContactKey(edit.event.account_id, "")
        note_bodies([Body(webhook_id, contact, edit.mid, at)])


def _replace_text(batch: Batch, edit: Edit, writing: Writing, at: datetime) -> None:
    text = storable(edit.text)
    Message.update(text=text).where(Message.id == writing.id).execute()
    batch.note(
        writing.id, at, Stage.RECEPTION, "edited", f"edit {edit.number}, before a reply was queued"
    )
    wish = heed_edit(batch, writing, text, at)
    if writing.is_unanswered:
        talk = writing.conversation_id
        batch.tell(MessageEdited(writing.contact, talk, writing.id, text, wish))
    elif text != writing.text:
        hear_after_all(batch, writing.id, writing, "edited, it repeats nothing", at)


def _is_overtaken(edit: Edit) -> bool:
    """Tell whether a later edit of the message came before this one."""
    query: Any = Event.select(Event.detail).where(
        (Event.mid == edit.mid)
        & (Event.account_id == edit.event.account_id)
        & (Event.kind == "edit")
    )
    numbers = (json.loads(detail).get("num_edit", "0") for (detail,) in query.tuples())
    return any(int(number) > edit.number for number in numbers)
