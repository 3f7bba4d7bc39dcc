from collections.abc import Iterable, Sequence
from datetime import datetime

from peewee import Value

from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import ApproveReply, DiscardReply
from moca.core.messages.replies import (
    QueueReply,
    RecallHeldReplies,
    ReplyHeld,
    ReplyQueued,
    ReplyRefused,
)
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.reasons import Because, Reason
from moca.core.topics import Mode
from moca.core.types import COMMENT_KINDS, Author, ItemStatus, MessageStatus, Stage
from moca.storage.conversations.needs_reply import ask_for_reply, forget_need_if_nothing_waits
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Prepared
from moca.storage.db.tables import (
    IS_HELD_REPLY,
    IS_UNANSWERED,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.handlers import handles
from moca.storage.messages.contact_conversations import cool_down
from moca.storage.messages.outcomes import inputs_of
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.destinations import find_destinations
from moca.storage.outbox.items import (
    OutboxItem,
    fault_in_text,
    hold_items,
    hold_items_by_id,
    with_other_parts,
)
from moca.storage.outbox.recall import recall_reply
from moca.storage.outbox.reply_windows import refused_because, with_own_windows
from moca.storage.outbox.teammate_replies import follow_teammate_reply
from moca.storage.unit_of_work import Batch, WriterPolicy

_PORTION = 500
"""How many held replies a sweep releases or ends."""
_SUPERSEDED = Because(Reason.SUPERSEDED)
_OVERTAKEN = "the contact wrote more; wait for the draft that answers all of it"
_RELEASED = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.scheduled_for,
    QueueItem.release_at,
    where="\"status\" = 'held'",
)
_ANY_HELD = Prepared(
    QueueItem, lambda: QueueItem.select(QueueItem.id).where(IS_HELD_REPLY).limit(1)
)
_IS_BY_BOT = Message.author == Author.BOT.value
_MESSAGES = Update(Message, Message.status)
_TEXTS = Update(Message, Message.text, Message.drafted_text)


def held_event(reply: QueuedReply, input_ids: tuple[int, ...]) -> ReplyHeld:
    """Return the event of a reply that was held instead of queued."""
    is_private = reply.way.comment_id is not None
    return ReplyHeld(reply.contact, reply.item_id, input_ids, is_private)


def announce_held(
    batch: Batch, reply: QueuedReply, input_ids: tuple[int, ...], at: datetime
) -> None:
    """Announce that a reply is held: in the feed, and one of the bot to its conversation."""
    if reply.author is Author.BOT:
        batch.tell(held_event(reply, input_ids))
    batch.publish(FeedEvent(FeedKind.MESSAGE_HELD, at, reply.message_id))


def follow_hold(batch: Batch, command: QueueReply, account_id: str) -> None:
    """Start the cooldown as if the bot's reply were sent, and call the team to a draft."""
    if command.author is Author.BOT:
        cooldown = batch.policy_of(account_id).cooldown
        cool_down(command.conversation_id, command.at + cooldown)
    if command.mode.mode is Mode.DRAFT:
        ask_for_reply([command.conversation_id], command.at)


@handles(ApproveReply)
def approve_replies(batch: Batch, commands: Sequence[ApproveReply]) -> None:
    """Queue held replies with all their parts, each with its new text if there is one."""
    for command in commands:
        parts = _held_parts(batch, command)
        if not parts:
            continue
        conflict = _conflict(command, parts)
        batch.answer(command.receipt, Done() if conflict is None else Conflict(conflict))
        if conflict is None:
            changed = [_edited(batch, command, part) for part in parts]
            _release(batch, changed, command.at, "approved by a teammate")
            if not parts[0].is_by_bot:
                _take_over(batch, parts[0], command.at)
            forget_need_if_nothing_waits(parts[0].conversation_id)


@handles(DiscardReply)
def discard_replies(batch: Batch, commands: Sequence[DiscardReply]) -> None:
    """End held replies; the messages they were to answer are left to the team."""
    for command in commands:
        parts = _held_parts(batch, command)
        if parts:
            cancel_items(batch, parts, Because(Reason.DISCARDED), command.at)
            batch.answer(command.receipt, Done())


@handles(RecallHeldReplies)
def recall_held_replies(batch: Batch, commands: Sequence[RecallHeldReplies]) -> None:
    """Recall what the bot wrote and is held, except private replies; the inputs wait again."""
    for command in commands:
        own = (QueueItem.conversation == command.conversation_id) & Message.comment_id.is_null()
        items = hold_items(IS_HELD_REPLY & own & _IS_BY_BOT)
        # The inputs refer to the last part of their reply.
        replies = {item.part_of or item.message_id: item.message_id for item in items}
        for reply_id in replies.values():
            recall_reply(batch, reply_id, command.at, _SUPERSEDED)
        if not replies:
            because = "nothing is held any more"
            batch.tell(ReplyRefused(command.contact, (), because, is_outdated=True))


def release_due(batch: Batch, at: datetime) -> None:
    """Queue held replies whose delay is over, and end those that may not be sent any more."""
    if not _ANY_HELD.rows():
        return
    _start_anew_if_set_back(at)
    for item in _late(at, batch.policy):
        because = refused_because(item, at, batch.policy)
        if because is not None:
            cancel_items(batch, [item], because, at)
    due = hold_items_by_id(_due(at)).values()
    _release(batch, with_other_parts(list(due)), at, "the delay is over")


def _held_parts(batch: Batch, command: ApproveReply | DiscardReply) -> list[OutboxItem]:
    """Return a held reply's parts in order; answer the command if there is none."""
    item = hold_items_by_id([command.item_id]).get(command.item_id)
    if item is None:
        batch.answer(command.receipt, NotFound())
    elif item.status != ItemStatus.HELD:
        batch.answer(command.receipt, Conflict(f"the reply is {item.status}"))
    else:
        return with_other_parts([item])
    return []


def _conflict(command: ApproveReply, parts: Sequence[OutboxItem]) -> str | None:
    by_id = {part.id: part for part in parts}
    by_bot = parts[0].is_by_bot
    if by_bot and parts[0].comment_id is None and _is_overtaken(parts[0].conversation_id):
        return _OVERTAKEN
    for item_id, text in command.texts.items():
        if item_id not in by_id:
            return "the text is of another reply"
        if fault := fault_in_text(by_id[item_id], text):
            return fault
    return None


def _take_over(batch: Batch, part: OutboxItem, at: datetime) -> None:
    """Hold the bot, as every reply by a teammate does."""
    place = find_destinations([part.conversation_id])[part.conversation_id]
    author_name = Message.get_by_id(part.message_id).author_name or ""
    sent = QueueReply(
        part.conversation_id,
        (),
        part.reply().content,
        at,
        Author.OPERATOR,
        author_name=author_name,
        hold=True,
    )
    follow_teammate_reply(batch, sent, place, part.message_id)


def _edited(batch: Batch, command: ApproveReply, part: OutboxItem) -> OutboxItem:
    text = storable(command.texts.get(part.id, part.text))
    if text == part.text:
        return part
    _TEXTS.each([(text, part.text, part.message_id)])
    batch.note(part.message_id, command.at, Stage.QUEUE, "edited", "by a teammate")
    return part._replace(text=text)


def _release(batch: Batch, parts: Sequence[OutboxItem], at: datetime, because: str) -> None:
    _RELEASED.each((ItemStatus.PENDING, at, None, part.id) for part in parts)
    _MESSAGES.each((MessageStatus.QUEUED, part.message_id) for part in parts)
    inputs = inputs_of(part.message_id for part in parts)
    for part in parts:
        waiting = tuple(inputs[part.message_id])
        for each in (part.message_id, *waiting):
            batch.note(each, at, Stage.QUEUE, "queued", because)
        batch.tell(ReplyQueued(part.contact, part.reply(scheduled_for=at), waiting))


def _is_overtaken(conversation_id: int) -> bool:
    waiting = (Message.conversation == conversation_id) & IS_UNANSWERED
    return bool(Message.select().where(waiting & Message.kind.not_in(COMMENT_KINDS)).exists())


def _due(at: datetime) -> Iterable[int]:
    """Return the items whose delay is over, unless one draft is to answer what came since, too."""
    overtaken = Message.select(Message.conversation).where(
        IS_UNANSWERED & Message.kind.not_in(COMMENT_KINDS)
    )
    is_due = IS_HELD_REPLY & (QueueItem.release_at <= at) & QueueItem.conversation.not_in(overtaken)
    query = QueueItem.select(QueueItem.id).where(is_due).order_by(QueueItem.id).limit(_PORTION)
    return [item_id for (item_id,) in read_rows(query)]


def _late(at: datetime, policy: WriterPolicy) -> list[OutboxItem]:
    """Return the items whose reply window may be over."""
    query = (
        QueueItem.select(QueueItem.id)
        .join(Message, on=QueueItem.message == Message.id)
        .join(Conversation, on=QueueItem.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
    )
    window, private = policy.window, policy.operator_window
    opened_at = Contact.window_opened_at
    is_over = opened_at.is_null() | (opened_at < at - private)
    is_over |= _IS_BY_BOT & (opened_at < at - window)
    is_late = Message.comment_id.is_null() & is_over
    is_private = Message.comment_id.is_null(is_null=False)
    is_late |= is_private & (QueueItem.created_at < at - private)
    late = query.where(IS_HELD_REPLY & is_late).order_by(QueueItem.id).limit(_PORTION)
    items = hold_items_by_id(item_id for (item_id,) in read_rows(late))
    return list(with_own_windows(items).values())


def _start_anew_if_set_back(at: datetime) -> None:
    """Count delays from now where the clock was set back, which makes waits too long."""
    now = Value(QueueItem.release_at.db_value(at), converter=False)
    shifted = QueueItem.release_at - QueueItem.created_at + now
    moved = QueueItem.update(release_at=shifted, created_at=at)
    moved.where(IS_HELD_REPLY & (QueueItem.created_at > at)).execute()
