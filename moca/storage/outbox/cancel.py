from collections.abc import Collection, Sequence
from datetime import datetime

from moca.core.messages.delivery import ReplyDropped
from moca.core.reasons import code_of
from moca.core.types import Author, ItemStatus, MessageStatus, Outcome, Stage
from moca.storage.conversations.needs_reply import ask_for_reply, forget_need_if_nothing_waits
from moca.storage.db.bulk import Update
from moca.storage.db.fields import storable
from moca.storage.db.tables import (
    IS_CLOSING_MESSAGE,
    IS_HELD_REPLY,
    IS_PENDING,
    IS_UNDER_WAY,
    Message,
    QueueItem,
)
from moca.storage.messages.outcomes import (
    Conclusion,
    conclude,
    inputs_of,
    outcome_event,
    unanswered_of,
    write_conclusions,
)
from moca.storage.outbox.items import OutboxItem, hold_items, with_other_parts
from moca.storage.unit_of_work import Batch

_ITEMS = Update(
    QueueItem,
    QueueItem.status,
    QueueItem.because,
    QueueItem.reason,
    where="\"status\" IN ('held', 'pending')",
)
_MESSAGES = Update(Message, Message.status, Message.because)


def cancel_items(
    batch: Batch,
    items: Sequence[OutboxItem],
    because: str,
    at: datetime,
    *,
    failed: bool = False,
    outcome: Outcome | None = None,
    is_recalled: bool = False,
) -> None:
    """Cancel held or pending items and conclude the messages they were to answer.

    For a reply in parts, the remaining parts are cancelled too. With `failed`, the items end as
    failed, so that their author looks at them again. With `is_recalled`, the conversation is told
    that its messages wait again.
    """
    status = ItemStatus.FAILED if failed else ItemStatus.CANCELLED
    outcome = outcome or (Outcome.FAILED if failed else Outcome.SUPPRESSED)
    text, reason = storable(because), code_of(because)
    items = with_other_parts(items)
    _ITEMS.each((status, text, reason, item.id) for item in items)
    _MESSAGES.each((MessageStatus(status), text, item.message_id) for item in items)
    for item in items:
        batch.note(item.message_id, at, Stage.QUEUE, status, because)
        if failed:
            batch.publish(outcome_event(item.message_id, Outcome.FAILED, because, at))
        batch.tell(ReplyDropped(item.contact, item.id, because, is_recalled))
    drafts = [item for item in items if item.status == ItemStatus.HELD]
    replies = [item for item in items if item.status != ItemStatus.HELD]
    ask_for_reply({item.conversation_id for item in replies if not item.is_by_bot}, at)
    inputs = inputs_of(item.message_id for item in items)
    write_conclusions(
        batch,
        [Conclusion(each, outcome, because, at) for ids in inputs.values() for each in ids],
    )
    for each in {item.conversation_id for item in drafts}:
        forget_need_if_nothing_waits(each)


def end_teammates_drafts(batch: Batch, conversation_id: int, because: str, at: datetime) -> None:
    """Cancel what was drafted for the team in a conversation and not approved."""
    own = QueueItem.conversation == conversation_id
    by_team = Message.author == Author.OPERATOR.value
    cancel_items(batch, hold_items(own & IS_HELD_REPLY & by_team), because, at)


def silence_bot(
    batch: Batch,
    conversation_id: int,
    because: str,
    at: datetime,
    *,
    sparing: Collection[int] = (),
) -> None:
    """Suppress what the bot was to answer in a conversation and cancel what it was about to send.

    Earlier exemptions from the hold end as well. Messages in `sparing` keep waiting.
    """
    unanswered = [each for each in unanswered_of(conversation_id) if each not in sparing]
    conclude(batch, unanswered, Outcome.SUPPRESSED, because, at)
    own = QueueItem.conversation == conversation_id
    QueueItem.update(closing_message=None).where(own & IS_CLOSING_MESSAGE).execute()
    by_bot = Message.author == Author.BOT.value
    pending = hold_items(own & IS_UNDER_WAY & IS_PENDING & by_bot)
    cancel_items(batch, [*hold_items(own & IS_HELD_REPLY & by_bot), *pending], because, at)
