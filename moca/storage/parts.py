from collections.abc import Iterable, Sequence
from typing import Any

from moca.core.vocabulary import ItemStatus
from moca.storage.chunks import in_chunks
from moca.storage.items import Item, hold_items
from moca.storage.models import IS_PENDING, Message, QueueItem

_ENDED = (ItemStatus.FAILED.value, ItemStatus.CANCELLED.value)


def with_other_parts(items: Sequence[Item]) -> list[Item]:
    """Add the parts of the same replies that are pending as well, in the order of queueing."""
    replies = {item.part_of for item in items if item.part_of is not None}
    others = [item for chunk in in_chunks(sorted(replies)) for item in _parts(chunk, IS_PENDING)]
    found = {item.id: item for item in (*items, *others)}
    return [found[item_id] for item_id in sorted(found)]


def all_parts(items: Sequence[Item]) -> list[Item]:
    """Add all other parts of the same replies, sent or not, in the order of queueing."""
    replies = {item.part_of for item in items if item.part_of is not None}
    found = {item.id: item for item in items}
    found |= {item.id: item for item in hold_items(Message.part_of << sorted(replies))}
    return [found[item_id] for item_id in sorted(found)]


def later_parts_ended(item: Item) -> list[Item]:
    """List the later parts of the same reply that were not sent either, in order."""
    if item.part_of is None:
        return []
    return _parts([item.part_of], (QueueItem.status << _ENDED) & (QueueItem.id > item.id))


def earlier_parts(items: Iterable[Item]) -> dict[int, list[str]]:
    """Tell of each of these parts how far those before it are that were not sent."""
    parts = [item for item in items if item.part_of is not None]
    not_sent: Any = QueueItem.status != ItemStatus.SENT.value
    unsent = [
        other
        for chunk in in_chunks(sorted({item.part_of for item in parts if item.part_of}))
        for other in _parts(chunk, not_sent)
    ]
    return {
        item.id: [
            other.status for other in unsent if other.part_of == item.part_of and other.id < item.id
        ]
        for item in parts
    }


def _parts(replies: Sequence[int], condition: Any) -> list[Item]:
    return hold_items((Message.part_of << replies) & condition)
