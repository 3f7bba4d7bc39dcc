from datetime import datetime
from itertools import chain
from typing import Any

from moca.core.accounts import REMOVED
from moca.core.outbox.queued_reply import Channel, ReplyKind
from moca.core.types import Outcome
from moca.storage.accounts.ownership import all_removed
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import (
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    IS_HELD_REPLY,
    IS_UNANSWERED,
    Message,
    QueueItem,
)
from moca.storage.messages.outcomes import conclude
from moca.storage.outbox.cancel import cancel_items
from moca.storage.outbox.items import hold_items_by_id
from moca.storage.unit_of_work import Batch

_UNSENT = (IS_HELD_REPLY, IS_FOR_AT_ONCE, IS_FOR_LATER)
MAX_AT_REMOVAL = 1_000
"""Items that end in the removal's own transaction."""


def end_replies_of_removed(batch: Batch, at: datetime, portion: int | None = None) -> bool:
    """End a batch of the items of removed accounts; False if there were none.

    The bot's replies are cancelled; operators' replies fail, so that their authors see them.
    """
    portion = portion or MAX_AT_REMOVAL
    account_ids = all_removed()
    if not account_ids:
        return False
    names = [Channel(account_id, kind).name for account_id in account_ids for kind in ReplyKind]
    of_removed = QueueItem.channel << names
    found = [_ids(QueueItem, when & of_removed, portion) for when in _UNSENT]
    items = hold_items_by_id(chain(*found)).values()
    for by_bot in (True, False):
        chosen = [item for item in items if item.is_by_bot is by_bot]
        cancel_items(batch, chosen, REMOVED, at, failed=not by_bot)
    unanswered = _ids(Message, IS_UNANSWERED & (Message.account_id << account_ids), portion)
    conclude(batch, unanswered, Outcome.SUPPRESSED, REMOVED, at)
    batch.write_steps()
    return portion in {len(each) for each in (*found, unanswered)}


def _ids(table: Any, condition: Any, portion: int) -> list[int]:
    query = table.select(table.id).where(condition).order_by(table.id).limit(portion)
    return [row_id for (row_id,) in read_rows(query)]
