from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import JOIN

from moca.core.messages.housekeeping import FindNotices, NoticesFound, NoticeWritten, RecordNotice
from moca.core.notifications import Notice as Told
from moca.core.notifications import NoticeKind
from moca.storage.db.fields import storable
from moca.storage.db.tables import Contact, Conversation, Notice
from moca.storage.unit_of_work import Batch


def give_notice(
    batch: Batch,
    kind: NoticeKind,
    because: str,
    at: datetime,
    *,
    account_id: str,
    conversation_id: int | None = None,
) -> None:
    """Have people told of something, in the transaction in which it happens."""
    if not batch.policy.gives_notice:
        return
    Notice.create(
        kind=kind,
        because=storable(because),
        account_id=account_id,
        conversation=conversation_id,
        created_at=at,
        due_at=at,
    )
    batch.tell(NoticeWritten())


def find_notices(batch: Batch, commands: Sequence[FindNotices]) -> None:
    """Tell which notices are due, oldest first."""
    columns = (
        Notice.id,
        Notice.kind,
        Notice.because,
        Notice.account_id,
        Contact.psid,
        Notice.conversation,
        Notice.created_at,
        Notice.attempts,
    )
    query: Any = (
        Notice.select(*columns)
        .join(Conversation, JOIN.LEFT_OUTER)
        .join(Contact, JOIN.LEFT_OUTER)
        .order_by(Notice.id)
    )
    for command in commands:
        due = query.where(Notice.due_at <= command.at).limit(command.limit)
        batch.tell(NoticesFound(tuple(_told(row) for row in due.dicts())))


def record_notices(_batch: Batch, commands: Sequence[RecordNotice]) -> None:
    """Write how attempts to send notices ended; nothing for one erased meanwhile."""
    for command in commands:
        if command.fault:
            values = {
                "due_at": command.retry_at,
                "attempts": Notice.attempts + 1,
                "fault": storable(command.fault),
            }
        else:
            values = {"due_at": None, "sent_at": command.at, "fault": ""}
        changed: Any = Notice.update(**values)
        changed.where(Notice.id == command.notice_id).execute()


def _told(row: dict[str, Any]) -> Told:
    return Told(
        id=row["id"],
        kind=NoticeKind(row["kind"]),
        because=row["because"],
        account_id=row["account_id"],
        psid=row["psid"],
        conversation_id=row["conversation"],
        created_at=row["created_at"],
        attempts=row["attempts"],
    )
