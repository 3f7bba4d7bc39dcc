from collections.abc import Sequence

from moca.core.messages.command import Conflict, Done
from moca.core.messages.replies import QueueReply, ReplyQueued
from moca.core.types import ItemStatus
from moca.storage.db.bulk import in_chunks
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import QueueItem
from moca.storage.handlers import handles
from moca.storage.outbox.enqueue import queue_replies
from moca.storage.outbox.items import OutboxItem, hold_items, with_other_parts
from moca.storage.unit_of_work import Batch


@handles(QueueReply)
def queue_each_once(batch: Batch, commands: Sequence[QueueReply]) -> None:
    """Queue replies, and repeat the first result for those whose key was used before."""
    fresh, repeats = _split(commands)
    queue_replies(batch, fresh)
    _repeat_results(batch, repeats)


def _split(commands: Sequence[QueueReply]) -> tuple[list[QueueReply], list[QueueReply]]:
    known = set(_stored(commands))
    fresh: list[QueueReply] = []
    repeats: list[QueueReply] = []
    for command in commands:
        (repeats if command.key in known else fresh).append(command)
        if command.key is not None:
            known.add(command.key)
    return fresh, repeats


def _repeat_results(batch: Batch, repeats: Sequence[QueueReply]) -> None:
    stored = _stored(repeats)
    for command in repeats:
        item = stored.get(command.key or "")
        if item is None:
            batch.answer(command.receipt, Conflict("the same request was just rejected"))
            continue
        for part in with_other_parts([item]):
            if part.status == ItemStatus.PENDING:
                batch.tell(ReplyQueued(part.contact, part.reply(), ()))
        batch.answer(command.receipt, Done(item.message_id, is_repeat=True))


def _stored(commands: Sequence[QueueReply]) -> dict[str, OutboxItem]:
    command_keys = {command.key for command in commands if command.key is not None}
    found: dict[str, OutboxItem] = {}
    for chunk in in_chunks(sorted(command_keys)):
        query = QueueItem.select(QueueItem.id, QueueItem.command_key)
        keys = dict(read_rows(query.where(QueueItem.command_key << chunk)))
        found |= {keys[item.id]: item for item in hold_items(QueueItem.id << list(keys))}
    return found
