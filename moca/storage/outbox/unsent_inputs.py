from collections.abc import Iterable

from peewee import fn

from moca.storage.db.bulk import in_chunks
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message
from moca.storage.outbox.items import OutboxItem


def unwanted_among(items: Iterable[OutboxItem]) -> list[OutboxItem]:
    """Return the bot's replies whose inputs have all been unsent."""
    replies = {item.id: item for item in items if item.is_by_bot}
    last = _last_parts(item.part_of for item in replies.values() if item.part_of is not None)
    answers = {item.id: last.get(item.part_of or 0, item.message_id) for item in replies.values()}
    unsent = _all_unsent(answers.values())
    return [item for item in replies.values() if answers[item.id] in unsent]


def _last_parts(first_ids: Iterable[int]) -> dict[int, int]:
    """Return the last part of each reply in parts, to which the inputs refer."""
    found = {}
    for chunk in in_chunks(sorted(set(first_ids))):
        query = Message.select(Message.part_of, fn.MAX(Message.id))
        found.update(
            dict(read_rows(query.where(Message.part_of << chunk).group_by(Message.part_of)))
        )
    return found


def _all_unsent(reply_ids: Iterable[int]) -> set[int]:
    is_unsent: dict[int, bool] = {}
    for chunk in in_chunks(sorted(set(reply_ids))):
        query = Message.select(Message.reply, Message.deleted_at)
        for reply_id, deleted_at in read_rows(query.where(Message.reply << chunk)):
            is_unsent[reply_id] = is_unsent.get(reply_id, True) and deleted_at is not None
    return {reply_id for reply_id, unsent in is_unsent.items() if unsent}
