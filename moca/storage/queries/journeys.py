from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.reasons import Reason
from moca.core.reply_window import BY_ITS_TIMESTAMP
from moca.core.types import Author, Outcome, Role, Stage
from moca.storage.db.rows import read_dicts, read_rows
from moca.storage.db.tables import (
    IS_UNANSWERED,
    IS_UNDER_WAY,
    Conversation,
    JourneyStep,
    Message,
    QueueItem,
)
from moca.storage.queries.messages import address_of, find_message, read_message
from moca.storage.queries.queue import frozen_since, item_of
from moca.storage.queries.records import MessageRecord, QueueItemRecord, StepRecord

_ARRIVED = ("received", "found", "fetched")
"""How a message came, in its first step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierMessages:
    """The state of the conversation before a message was left unanswered."""

    first_at: datetime | None
    """When the message that it repeats arrived."""
    bot_replied_at: datetime | None
    person_wrote_at: datetime | None
    """When someone last wrote in the Instagram app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRecord:
    """The journey of a message and of its reply, oldest step first."""

    message: MessageRecord
    reply: MessageRecord | None
    """The reply that answers it; for a reply, the reply itself."""
    item: QueueItemRecord | None
    steps: tuple[StepRecord, ...]
    gathering_since: datetime | None
    """When the oldest unanswered message of this conversation arrived."""
    cooldown_until: datetime | None
    replies_under_way: int
    """The number of the bot's replies in this conversation that are pending or being sent."""
    contact_called_at: datetime | None
    """When the last call to send in this conversation began."""
    frozen_since: datetime | None = None
    """Since when the queue is frozen; None if it is not."""

    @property
    def is_handed_over(self) -> bool:
        """Whether the message was handed over to the team."""
        return any(step.outcome == "handed over" for step in self.steps)

    @property
    def is_decided_by_bot(self) -> bool:
        """Whether the bot replied to it, handed it over, or saw no need to reply."""
        if self.reply is not None:
            return self.reply.author is Author.BOT
        return self.is_handed_over or self.message.reason is Reason.NO_REPLY_WANTED


def read_journey(mid: str, scope: AccountScope = ALL_ACCOUNTS) -> JourneyRecord | None:
    """Return a message's journey, by Instagram's id or `moca-<id>`, or None if there is none."""
    message = find_message(mid, scope)
    if message is None:
        return None
    reply = _reply_of(message)
    conversation_id = message.conversation_id
    return JourneyRecord(
        message=message,
        reply=reply,
        item=None if reply is None else item_of(reply.id),
        steps=_steps_of(message, reply),
        gathering_since=_gathering_since(conversation_id),
        cooldown_until=_cooldown_until(conversation_id),
        replies_under_way=_replies_under_way(conversation_id),
        contact_called_at=_called_at(conversation_id),
        frozen_since=frozen_since(),
    )


def read_before(message: MessageRecord, ended_at: datetime) -> EarlierMessages:
    """Return the state of the conversation before a message ended."""
    repeats = Message.select(Message.duplicate_of).where(Message.id == message.id)
    conversation_id = message.conversation_id
    return EarlierMessages(
        first_at=_latest(Message.created_at, Message.id << repeats),
        bot_replied_at=_wrote_at(Author.BOT, conversation_id, ended_at),
        person_wrote_at=_wrote_at(Author.HUMAN, conversation_id, message.created_at),
    )


def _wrote_at(author: Author, conversation_id: int, before: datetime) -> datetime | None:
    said = (Message.conversation == conversation_id) & (Message.author == author)
    return _latest(Message.sent_at, said & (Message.sent_at < before))


def _latest(instant: Any, which: Any) -> datetime | None:
    query = Message.select(instant).where(which).order_by(Message.id.desc())
    row = query.tuples().first()
    return None if row is None else row[0]


def _reply_of(message: MessageRecord) -> MessageRecord | None:
    if message.role is Role.ASSISTANT:
        return message
    return None if message.reply_id is None else read_message(message.reply_id)


def _steps_of(message: MessageRecord, reply: MessageRecord | None) -> tuple[StepRecord, ...]:
    mids = {message.id: message.mid} | ({} if reply is None else _parts_of(reply))
    rows = read_dicts(
        JourneyStep.select()
        .where(JourneyStep.message << list(mids))
        .order_by(JourneyStep.at, JourneyStep.id)
    )
    steps = [
        StepRecord(
            mid=mids[row["message"]],
            at=row["at"],
            stage=Stage(row["stage"]),
            outcome=row["outcome"],
            detail=row["detail"],
        )
        for row in rows
    ]
    is_condensed = not any(step.stage is Stage.STORAGE for step in steps)
    if message.outcome is Outcome.ANSWERED and is_condensed:
        steps = _restored(message, steps)
    return tuple(steps)


def _restored(message: MessageRecord, steps: list[StepRecord]) -> list[StepRecord]:
    """Restore what a condensed journey leaves out, from the message's row."""
    restored = [
        replace(step, detail=step.detail or message.because)
        if step.stage is Stage.OUTCOME and step.outcome == Outcome.ANSWERED
        else step
        for step in steps
    ]
    if not any(step.stage is Stage.RECEPTION and step.outcome in _ARRIVED for step in steps):
        at, mid = message.created_at, message.mid
        received = StepRecord(
            mid=mid, at=at, stage=Stage.RECEPTION, outcome="received", detail=BY_ITS_TIMESTAMP
        )
        restored.insert(0, received)
    return restored


def _parts_of(reply: MessageRecord) -> dict[int, str]:
    """Return the addresses of a reply and its other parts, by row id."""
    first = Message.select(Message.part_of).where(Message.id == reply.id)
    parts = Message.select(Message.id, Message.mid).where(Message.part_of << first)
    others = {part_id: address_of(part_id, mid) for part_id, mid in read_rows(parts)}
    return {reply.id: reply.mid} | others


def _gathering_since(conversation_id: int) -> datetime | None:
    waiting = (Message.conversation == conversation_id) & IS_UNANSWERED
    row = Message.select(Message.created_at).where(waiting).order_by(Message.id).dicts().first()
    return None if row is None else row["created_at"]


def _cooldown_until(conversation_id: int) -> datetime | None:
    query = Conversation.select(Conversation.cooldown_until)
    row = query.where(Conversation.id == conversation_id).dicts().first()
    return None if row is None else row["cooldown_until"]


def _replies_under_way(conversation_id: int) -> int:
    under_way = (QueueItem.conversation == conversation_id) & IS_UNDER_WAY
    by_bot = Message.author == Author.BOT
    return QueueItem.select(QueueItem.id).join(Message).where(under_way & by_bot).count()


def _called_at(conversation_id: int) -> datetime | None:
    own = QueueItem.select(QueueItem.sending_at).where(
        (QueueItem.conversation == conversation_id) & QueueItem.sending_at.is_null(is_null=False)
    )
    # Separate queries: for sent replies, perhaps years of them, the last one is enough.
    sent = own.where(QueueItem.sent_at.is_null(is_null=False)).order_by(QueueItem.sent_at.desc())
    not_sent = own.where(QueueItem.sent_at.is_null()).order_by(QueueItem.sending_at.desc())
    called = [row.sending_at for query in (sent, not_sent) for row in query.limit(1)]
    return max(called, default=None)
