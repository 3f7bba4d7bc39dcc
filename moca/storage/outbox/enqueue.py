from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from moca.core.content.content import Content
from moca.core.content.uploads import parts_with_file
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.replies import QueueReply, ReplyQueued, ReplyRefused
from moca.core.outbox.queued_reply import QueuedReply, ReplyAddress, channel_of
from moca.core.types import (
    Author,
    ItemStatus,
    MessageStatus,
    Role,
    Stage,
)
from moca.storage.accounts.ownership import removed_among
from moca.storage.content_codec import kind_of, made_by_columns, storable_content, type_of, written
from moca.storage.db.bulk import Insertion, Update
from moca.storage.db.tables import Conversation, Message, QueueItem
from moca.storage.messages.contact_conversations import cool_down
from moca.storage.messages.outcomes import conclude, unanswered_inputs
from moca.storage.outbox.destinations import find_destinations
from moca.storage.outbox.held import announce_held, follow_hold
from moca.storage.outbox.lost_answers import announce_again
from moca.storage.outbox.refusals import (
    GONE,
    NO_UPLOAD,
    NOTHING_LEFT,
    OUTDATED,
    ConsideredReply,
    Refusal,
    is_outdated,
    refusal_of,
)
from moca.storage.outbox.teammate_replies import follow_teammate_reply
from moca.storage.unit_of_work import Batch
from moca.storage.uploads.owners import ReplyUploads, attach_to_message

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
    Message.topic,
    Message.bot,
    Message.bot_version,
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
    QueueItem.release_at,
)
_INPUTS = Update(Message, Message.processed, Message.reply)
_PARTS = Update(Message, Message.part_of)
_AWAY_TEXTS = Update(Conversation, Conversation.away_text_at)


class _Written(NamedTuple):
    """The ids of one part's rows."""

    content: Content
    message_id: int
    item_id: int


def queue_replies(batch: Batch, commands: Sequence[QueueReply]) -> None:
    """Queue replies with the messages they answer, each in as many parts as it needs."""
    places = find_destinations(command.conversation_id for command in commands)
    all_inputs = {each for command in commands for each in command.input_ids}
    unanswered = unanswered_inputs(all_inputs)
    removed = removed_among(place.account_id for place in places.values())
    uploads = ReplyUploads(commands)
    judged: list[tuple[ConsideredReply, Refusal | None]] = []
    taken: set[str] = set()
    for command in commands:
        place = places.get(command.conversation_id)
        if place is None:
            batch.answer(command.receipt, NotFound())
            continue
        own = {each: unanswered.pop(each) for each in command.input_ids if each in unanswered}
        inputs = tuple(own)
        comment_ids = (each.comment_id for each in own.values())
        comment_id = command.comment_id or next(filter(None, comment_ids), None)
        own_parts = parts_with_file(storable_content(command.content), command.attachment)
        parts = (*map(storable_content, command.preface), *own_parts)
        considered = ConsideredReply(command, place, inputs, comment_id, parts)
        outdated = OUTDATED if is_outdated(command, own) else None
        gone = GONE if place.account_id in removed else None
        refusal = gone or outdated or refusal_of(considered, taken)
        has_upload = refusal is not None or uploads.take(command)
        judged.append((considered, refusal if has_upload else NO_UPLOAD))
        taken |= {comment_id} if comment_id else set()
    rows = iter(_write([each for each, refusal in judged if refusal is None]))
    queued: list[tuple[ConsideredReply, int]] = []
    for each, refusal in judged:
        if refusal is None:
            written = next(rows)
            _announce(batch, each, written)
            queued.append((each, written[0].message_id))
        else:
            _refuse(batch, each, refusal)
    for each, message_id in queued:
        if each.command.author is not Author.BOT and not each.command.mode.holds:
            follow_teammate_reply(batch, each.command, each.place, message_id)


def _refuse(batch: Batch, refused: ConsideredReply, refusal: Refusal) -> None:
    command, because, contact = refused.command, refusal.because, refused.place.contact
    if refusal is NOTHING_LEFT and announce_again(batch, command, contact):
        return
    if refusal.outcome is None:
        for each in refused.inputs:
            batch.note(each, command.at, Stage.QUEUE, "outdated", because)
        cooldown = batch.policy_of(contact.account_id).cooldown
        cool_down(command.conversation_id, command.at + cooldown)
    else:
        conclude(batch, refused.inputs, refusal.outcome, because, command.at)
    batch.tell(ReplyRefused(contact, command.input_ids, because, refusal.outcome is None))
    batch.answer(command.receipt, Conflict(because))


def _write(accepted: Sequence[ConsideredReply]) -> list[list[_Written]]:
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


def _message(accepted: ConsideredReply, content: Content) -> tuple[object, ...]:
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
        MessageStatus.HELD if accepted.command.mode.holds else MessageStatus.QUEUED,
        False,
        "",
        0,
        accepted.comment_id,
        *made_by_columns(accepted.command.made_by, accepted.command.author),
    )


def _item(accepted: ConsideredReply, content: Content, message_id: int) -> tuple[object, ...]:
    is_first = content is accepted.parts[0]
    return (
        message_id,
        accepted.place.conversation_id,
        accepted.command.priority,
        ItemStatus.HELD if accepted.command.mode.holds else ItemStatus.PENDING,
        accepted.scheduled_for,
        0,
        "",
        accepted.command.at,
        accepted.command.closing_message,
        accepted.command.key if is_first else None,
        channel_of(accepted.place.account_id, content, accepted.comment_id).name,
        accepted.command.mode.release_at(accepted.command.at),
    )


def _announce(batch: Batch, accepted: ConsideredReply, parts: Sequence[_Written]) -> None:
    command = accepted.command
    count = f" in {len(parts)} parts" if len(parts) > 1 else ""
    is_teammates = command.author is not Author.BOT
    step = "held" if command.mode.holds else "queued"
    for each in accepted.inputs:
        name = f"reply moca-{parts[0].message_id}{count}"
        batch.note(each, command.at, Stage.QUEUE, step, name)
    for number, part in enumerate(parts, start=1):
        reply = _queued(accepted, part)
        place = f", part {number} of {len(parts)}" if count else ""
        by = f"drafted by {command.author_name}, " if is_teammates and command.mode.holds else ""
        detail = f"{by}item {part.item_id}, priority {command.priority.name.lower()}{place}"
        batch.note(part.message_id, command.at, Stage.QUEUE, step, detail)
        if command.mode.holds:
            announce_held(batch, reply, accepted.inputs, command.at)
        else:
            batch.tell(ReplyQueued(reply.contact, reply, accepted.inputs))
    if command.mode.holds:
        follow_hold(batch, command, accepted.place.account_id)
    batch.answer(command.receipt, Done(parts[0].message_id))


def _queued(accepted: ConsideredReply, part: _Written) -> QueuedReply:
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
