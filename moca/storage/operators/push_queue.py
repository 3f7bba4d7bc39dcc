from collections.abc import Mapping
from datetime import datetime
from itertools import islice

from moca.core.push import PushKind
from moca.storage.db.fields import short
from moca.storage.db.push_tables import PushTarget, QueuedPush

_MAX_QUEUED = 1_000


def are_pushes_wanted() -> bool:
    """Return whether any browser wants push messages."""
    return bool(PushTarget.select().exists())


def queue_pushes(
    kind: PushKind,
    conversations: Mapping[int, datetime],
    *,
    operator_id: int | None = None,
    by: str = "",
) -> None:
    """Queue push messages in the transaction of their cause, if any browser wants them.

    Args:
        kind: Their occasion.
        conversations: When it was, by the ids of the conversations.
        operator_id: Who gets them; None for the assignee, or all who may answer.
        by: Name of the colleague who mentioned or assigned.
    """
    if not conversations or not are_pushes_wanted():
        return
    room = max(_MAX_QUEUED - QueuedPush.select().count(), 0)
    for conversation_id, at in islice(conversations.items(), room):
        QueuedPush.insert(
            kind=kind,
            conversation=conversation_id,
            operator=operator_id,
            by=short(by),
            created_at=at,
        ).execute()
