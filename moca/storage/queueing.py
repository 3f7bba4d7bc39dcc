from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.contact import ContactKey
from moca.core.messages import Conflict, Done, NotFound, QueueReply, ReplyQueued, ReplyRefused
from moca.core.reply import QueuedReply
from moca.core.vocabulary import (
    Author,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Outcome,
    Role,
    Stage,
)
from moca.storage.batch import Batch
from moca.storage.bulk import Insertion, Update
from moca.storage.chunks import in_chunks
from moca.storage.concluding import conclude, unanswered_among
from moca.storage.items import held_because, is_held
from moca.storage.models import Contact, Conversation, Message, QueueItem
from moca.storage.storable import storable

_MESSAGES = Insertion(
    Message,
    Message.conversation,
    Message.account_id,
    Message.kind,
    Message.role,
    Message.author,
    Message.type,
    Message.text,
    Message.created_at,
    Message.status,
    Message.processed,
    Message.because,
    Message.redeliveries,
)
_ITEMS = Insertion(
    QueueItem,
    QueueItem.message,
    QueueItem.conversation,
    QueueItem.priority,
    QueueItem.status,
    QueueItem.scheduled_for,
    QueueItem.attempts,
    QueueItem.because,
    QueueItem.created_at,
)
_INPUTS = Update(Message, Message.processed, Message.reply)
_AWAY_TEXTS = Update(Conversation, Conversation.away_text_at)


class _Place(NamedTuple):
    conversation_id: int
    status: str
    held_until: datetime | None
    account_id: str
    psid: str

    @property
    def contact(self) -> ContactKey:
        return ContactKey(self.account_id, self.psid)


class _Considered(NamedTuple):
    command: QueueReply
    place: _Place
    inputs: tuple[int, ...]
    refused_because: str | None

    @property
    def text(self) -> str:
        return storable(self.command.text)

    @property
    def scheduled_for(self) -> datetime:
        return self.command.scheduled_for or self.command.at


def queue_replies(batch: Batch, commands: Sequence[QueueReply]) -> None:
    """Put replies into the queue with what they answer, or refuse them."""
    places = _places(command.conversation_id for command in commands)
    unanswered = unanswered_among(each for command in commands for each in command.input_ids)
    considered = []
    for command in commands:
        place = places.get(command.conversation_id)
        if place is None:
            batch.answer(command.receipt, NotFound())
            continue
        inputs = tuple(each for each in command.input_ids if each in unanswered)
        unanswered.difference_update(inputs)
        refused = _refused_because(command, place, inputs)
        considered.append(_Considered(command, place, inputs, refused))
    written = iter(_write([each for each in considered if each.refused_because is None]))
    for each in considered:
        if each.refused_because is None:
            _announce(batch, each, *next(written))
        else:
            _refuse(batch, each, each.refused_because)


def _refused_because(command: QueueReply, place: _Place, inputs: Sequence[int]) -> str | None:
    if place.status == ConversationStatus.CLOSED:
        return held_because(place.status)
    if command.author is not Author.BOT:
        return None
    if is_held(place.status, place.held_until, command.at):
        return held_because(place.status)
    if command.input_ids and not inputs:
        return "nothing is left to answer"
    return None


def _refuse(batch: Batch, refused: _Considered, because: str) -> None:
    command = refused.command
    conclude(batch, refused.inputs, Outcome.SUPPRESSED, because, command.at)
    batch.tell(ReplyRefused(refused.place.contact, command.input_ids, because))
    batch.answer(command.receipt, Conflict(because))


def _write(accepted: Sequence[_Considered]) -> list[tuple[int, int]]:
    message_ids = _MESSAGES.returning_ids(_message(each) for each in accepted)
    replies = tuple(zip(accepted, message_ids, strict=True))
    item_ids = _ITEMS.returning_ids(_item(each, message_id) for each, message_id in replies)
    _INPUTS.each(
        (True, message_id, input_id) for each, message_id in replies for input_id in each.inputs
    )
    _AWAY_TEXTS.each(
        (each.command.at, each.place.conversation_id)
        for each in accepted
        if each.command.is_away_text
    )
    return list(zip(message_ids, item_ids, strict=True))


def _message(accepted: _Considered) -> tuple[object, ...]:
    return (
        accepted.place.conversation_id,
        accepted.place.account_id,
        "message",
        Role.ASSISTANT,
        accepted.command.author,
        "text",
        accepted.text,
        accepted.command.at,
        MessageStatus.QUEUED,
        False,
        "",
        0,
    )


def _item(accepted: _Considered, message_id: int) -> tuple[object, ...]:
    return (
        message_id,
        accepted.place.conversation_id,
        accepted.command.priority,
        ItemStatus.PENDING,
        accepted.scheduled_for,
        0,
        "",
        accepted.command.at,
    )


def _announce(batch: Batch, accepted: _Considered, message_id: int, item_id: int) -> None:
    command = accepted.command
    reply = QueuedReply(
        item_id=item_id,
        message_id=message_id,
        conversation_id=accepted.place.conversation_id,
        contact=accepted.place.contact,
        text=accepted.text,
        author=command.author,
        priority=command.priority,
        scheduled_for=accepted.scheduled_for,
    )
    for each in accepted.inputs:
        batch.note(each, command.at, Stage.QUEUE, "queued", f"reply moca-{message_id}")
    detail = f"item {item_id}, priority {command.priority.name.lower()}"
    batch.note(message_id, command.at, Stage.QUEUE, "queued", detail)
    batch.tell(ReplyQueued(reply.contact, reply, accepted.inputs))
    batch.answer(command.receipt, Done(message_id))


def _places(conversation_ids: Iterable[int]) -> dict[int, _Place]:
    query: Any = Conversation.select(
        Conversation.id,
        Conversation.status,
        Conversation.held_until,
        Contact.account_id,
        Contact.psid,
    ).join(Contact)
    if Conversation._meta.database.for_update:  # noqa: SLF001
        query = query.for_update(of=Conversation)
    chunks = in_chunks(sorted(set(conversation_ids)))
    places = (
        _Place._make(row)
        for chunk in chunks
        for row in query.where(Conversation.id << chunk).tuples()
    )
    return {place.conversation_id: place for place in places}
