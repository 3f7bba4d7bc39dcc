from typing import Any

from peewee import SQL

from moca.core.types import ConversationStatus
from moca.storage.db.tables import IS_NOT_OPEN, Contact, Conversation
from moca.storage.queries.pagination import Key, Page, instant_of, microseconds_of
from moca.storage.queries.records import ContactName, ConversationRecord


def read_conversation(conversation_id: int) -> ConversationRecord | None:
    """Look one up; None if there is none."""
    row = _conversations().where(Conversation.id == conversation_id).first()
    return None if row is None else record_of(row)


def list_conversations(
    *,
    limit: int,
    after: Key | None = None,
    status: ConversationStatus | None = None,
    psid: str | None = None,
) -> Page[ConversationRecord]:
    """List conversations, those with the latest activity first."""
    query = _conversations()
    if status is not None:
        query = query.where(has_status(status))
    if psid is not None:
        query = query.where(Contact.psid == psid)
    if after is not None:
        query = query.where(comes_after(*after))
    order = (Conversation.last_activity_at.desc(), Conversation.id.desc())
    rows = [record_of(row) for row in query.order_by(*order).limit(limit + 1)]
    shown = tuple(rows[:limit])
    return Page(shown, key_of(shown[-1]) if len(rows) > limit else None)


def has_status(status: ConversationStatus) -> Any:
    """Tell conversations with a status, by the index of those that are not open where it helps."""
    if status is ConversationStatus.OPEN:
        return Conversation.status == status
    return IS_NOT_OPEN & (Conversation.status == SQL(f"'{status}'"))


def _conversations() -> Any:
    columns = (Conversation, Contact.account_id, Contact.psid, Contact.name)
    return Conversation.select(*columns).join(Contact).dicts()


def comes_after(activity_us: int, conversation_id: int) -> Any:
    """Tell conversations that come after a key, the latest activity first."""
    at = instant_of(activity_us)
    earlier = Conversation.last_activity_at < at
    tied = (Conversation.last_activity_at == at) & (Conversation.id < conversation_id)
    return earlier | tied


def key_of(last: ConversationRecord) -> Key:
    """Name a conversation's place in the list."""
    return (microseconds_of(last.last_activity_at), last.id)


def record_of(row: dict[str, Any]) -> ConversationRecord:
    """Read a row that has its contact's columns too."""
    return ConversationRecord(
        id=row["id"],
        contact=ContactName(account_id=row["account_id"], psid=row["psid"], name=row["name"]),
        status=ConversationStatus(row["status"]),
        held_until=row["held_until"],
        held_by=row["held_by"],
        created_at=row["created_at"],
        last_user_message_at=row["last_user_message_at"],
        last_bot_message_at=row["last_bot_message_at"],
        last_activity_at=row["last_activity_at"],
        cooldown_until=row["cooldown_until"],
    )
