from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from moca.core.accounts import REMOVED
from moca.core.content.content import Content
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.content.uploads import parts_with_file
from moca.core.conversation.consent import OPTED_OUT
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.replies import QueueReply, ReplyQueued, ReplyRefused
from moca.core.outbox.queued_reply import QueuedReply, ReplyAddress, channel_of
from moca.core.reasons import because_held
from moca.core.types import (
    Author,
    ClosingMessage,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Outcome,
    Role,
    Stage,
)
from moca.storage.accounts.ownership import removed_among
from moca.storage.content_codec import kind_of, made_by_columns, storable_content, type_of, written
from moca.storage.db.bulk import Insertion, Update
from moca.storage.db.tables import Conversation, Message, QueueItem
from moca.storage.messages.contact_conversations import cool_down
from moca.storage.messages.outcomes import conclude, unanswered_texts
from moca.storage.outbox.destinations import Destination, find_destinations
from moca.storage.outbox.items import has_private_reply, is_held, unanswered_comments
from moca.storage.outbox.lost_answers import announce_again
from moca.storage.outbox.teammate_replies import follow_teammate_reply
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.owners import TAKEN_OR_GONE, ReplyUploads, attach_to_message

_MESSAGES = Insertion(
    Message,
    Message.conversation,
    Message.account_id,
    Message.kind,
    Message.role,
    Message.author,
    Message.author_name,
    Message.type,
    Message.text,
    Message.content,
    Message.created_at,
    Message.status,
    Message.processed,
    Message.because,
    Message.redeliveries,
    Message.comment_id,
    Message.generator,
    Message.rule,
    Message.is_ai_generated,
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
    QueueItem.closing_message,
    QueueItem.command_key,
    QueueItem.channel,
)
_INPUTS = Update(Message, Message.processed, Message.reply)
_PARTS = Update(Message, Message.part_of)
_AWAY_TEXTS = Update(Conversation, Conversation.away_text_at)


class _Refusal(NamedTuple):
    because: str
    outcome: Outcome | None = Outcome.SUPPRESSED
    """The outcome of the inputs; None if they are to be answered again."""


_GONE = _Refusal(REMOVED)
_NO_UPLOAD = _Refusal(TAKEN_OR_GONE)
_NOTHING_LEFT = _Refusal("the messages no longer need a reply")
_OUTDATED = _Refusal("the message was edited after the reply was generated", outcome=None)


class _Considered(NamedTuple):
    command: QueueReply
    place: Destination
    inputs: tuple[int, ...]
    comment_id: str | None
    parts: tuple[Content, ...]

    @property
    def scheduled_for(self) -> datetime:
        return self.command.scheduled_for or self.command.at


class _Written(NamedTuple):
    """The ids of one part's rows."""

    content: Content
    message_id: int
    item_id: int


def queue_replies(batch: Batch, commands: Sequence[QueueReply]) -> None:
    """Queue replies with the messages they answer, each in as many parts as it needs."""
    places = find_destinations(command.conversation_id for command in commands)
    all_inputs = {each for command in commands for each in command.input_ids}
    unanswered = unanswered_texts(all_inputs)
    comments = unanswered_comments(all_inputs)
    removed = removed_among(place.account_id for place in places.values())
    uploads = ReplyUploads(commands)
    judged: list[tuple[_Considered, _Refusal | None]] = []
    taken: set[str] = set()
    for command in commands:
        place = places.get(command.conversation_id)
        if place is None:
            batch.answer(command.receipt, NotFound())
            continue
        texts = {each: unanswered.pop(each) for each in command.input_ids if each in unanswered}
        inputs = tuple(texts)
        answered = (comments[each] for each in inputs if each in comments)
        comment_id = command.comment_id or next(answered, None)
        parts = parts_with_file(storable_content(command.content), command.attachment)
        considered = _Considered(command, place, inputs, comment_id, parts)
        outdated = _OUTDATED if is_outdated(command, texts) else None
        gone = _GONE if place.account_id in removed else None
        refusal = gone or outdated or _refusal(considered, taken)
        has_upload = refusal is not None or uploads.take(command)
        judged.append((considered, refusal if has_upload else _NO_UPLOAD))
        taken |= {comment_id} if comment_id else set()
    rows = iter(_write([each for each, refusal in judged if refusal is None]))
    queued: list[tuple[_Considered, int]] = []
    for each, refusal in judged:
        if refusal is None:
            written = next(rows)
            _announce(batch, each, written)
            queued.append((each, written[0].message_id))
        else:
            _refuse(batch, each, refusal)
    for each, message_id in queued:
        if each.command.author is not Author.BOT:
            follow_teammate_reply(batch, each.command, each.place, message_id)


def is_outdated(command: QueueReply, texts: Mapping[int, str]) -> bool:
    """Return whether an input was edited after the reply was made."""
    made_of = zip(command.input_ids, command.made_of, strict=False)
    return any(texts.get(each, text) != text for each, text in made_of)


def _refusal(considered: _Considered, taken: AbstractSet[str]) -> _Refusal | None:
    command, place = considered.command, considered.place
    if place.status == ConversationStatus.CLOSED:
        return _Refusal(because_held(place.status))
    if command.author is not Author.BOT:
        comment_id = considered.comment_id
        return None if comment_id is None else _refusal_in_private(considered, comment_id, taken)
    if is_held(place.status, place.held_until, command.at):
        return _Refusal(because_held(place.status))
    if place.opted_out_at is not None and command.closing_message is not ClosingMessage.OPT_OUT:
        return _Refusal(OPTED_OUT)
    if command.input_ids and not considered.inputs:
        return _NOTHING_LEFT
    if considered.comment_id is not None:
        return _refusal_in_private(considered, considered.comment_id, taken)
    return None


def _refusal_in_private(
    considered: _Considered, comment_id: str, taken: AbstractSet[str]
) -> _Refusal | None:
    if len(considered.parts) > 1:
        because = f"a private reply is one message of at most {MAX_MESSAGE_BYTES} bytes"
        return _Refusal(because, Outcome.FAILED)
    is_answered = has_private_reply(comment_id, considered.place.account_id)
    if is_answered or comment_id in taken:
        return _Refusal("the comment already has a private reply")
    return None


def _refuse(batch: Batch, refused: _Considered, refusal: _Refusal) -> None:
    command, because, contact = refused.command, refusal.because, refused.place.contact
    if refusal is _NOTHING_LEFT and announce_again(batch, command, contact):
        return
    if refusal.outcome is None:
        for each in refused.inputs:
            batch.note(each, command.at, Stage.QUEUE, "outdated", because)
        cool_down(command.conversation_id, command.at + batch.policy.cooldown)
    else:
        conclude(batch, refused.inputs, refusal.outcome, because, command.at)
    batch.tell(ReplyRefused(contact, command.input_ids, because, refusal.outcome is None))
    batch.answer(command.receipt, Conflict(because))


def _write(accepted: Sequence[_Considered]) -> list[list[_Written]]:
    """Insert the rows; those of one reply are adjacent, in the order of its parts."""
    parts = [(each, content) for each in accepted for content in each.parts]
    message_ids = _MESSAGES.returning_ids(_message(*part) for part in parts)
    item_ids = _ITEMS.returning_ids(
        _item(*part, message_id) for part, message_id in zip(parts, message_ids, strict=True)
    )
    rows = iter(map(_Written, (content for _, content in parts), message_ids, item_ids))
    replies = [list(islice(rows, len(each.parts))) for each in accepted]
    _PARTS.each(
        (reply[0].message_id, part.message_id)
        for reply in replies
        for part in reply
        if len(reply) > 1
    )
    # Inputs count as answered once the whole reply is sent, so they refer to the last part.
    _INPUTS.each(
        (True, reply[-1].message_id, input_id)
        for each, reply in zip(accepted, replies, strict=True)
        for input_id in each.inputs
    )
    for each, reply in zip(accepted, replies, strict=True):
        attach_to_message(each.command, reply[-1].message_id)
    _AWAY_TEXTS.each(
        (each.command.at, each.place.conversation_id)
        for each in accepted
        if each.command.is_away_text
    )
    return replies


def _message(accepted: _Considered, content: Content) -> tuple[object, ...]:
    return (
        accepted.place.conversation_id,
        accepted.place.account_id,
        kind_of(content),
        Role.ASSISTANT,
        accepted.command.author,
        accepted.command.author_name or None,
        type_of(content),
        content.text,
        written(content),
        accepted.command.at,
        MessageStatus.QUEUED,
        False,
        "",
        0,
        accepted.comment_id,
        *made_by_columns(accepted.command.made_by, accepted.command.author),
    )


def _item(accepted: _Considered, content: Content, message_id: int) -> tuple[object, ...]:
    is_first = content is accepted.parts[0]
    return (
        message_id,
        accepted.place.conversation_id,
        accepted.command.priority,
        ItemStatus.PENDING,
        accepted.scheduled_for,
        0,
        "",
        accepted.command.at,
        accepted.command.closing_message,
        accepted.command.key if is_first else None,
        channel_of(accepted.place.account_id, content, accepted.comment_id).name,
    )


def _announce(batch: Batch, accepted: _Considered, parts: Sequence[_Written]) -> None:
    command = accepted.command
    count = f" in {len(parts)} parts" if len(parts) > 1 else ""
    for each in accepted.inputs:
        name = f"reply moca-{parts[0].message_id}{count}"
        batch.note(each, command.at, Stage.QUEUE, "queued", name)
    for number, part in enumerate(parts, start=1):
        reply = _queued(accepted, part)
        place = f", part {number} of {len(parts)}" if count else ""
        detail = f"item {part.item_id}, priority {command.priority.name.lower()}{place}"
        batch.note(part.message_id, command.at, Stage.QUEUE, "queued", detail)
        batch.tell(ReplyQueued(reply.contact, reply, accepted.inputs))
    batch.answer(command.receipt, Done(parts[0].message_id))


def _queued(accepted: _Considered, part: _Written) -> QueuedReply:
    return QueuedReply(
        item_id=part.item_id,
        message_id=part.message_id,
        conversation_id=accepted.place.conversation_id,
        contact=accepted.place.contact,
        content=part.content,
        author=accepted.command.author,
        priority=accepted.command.priority,
        scheduled_for=accepted.scheduled_for,
        way=ReplyAddress(comment_id=accepted.comment_id),
    )
