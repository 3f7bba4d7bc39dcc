from collections.abc import Iterable
from typing import Any

from peewee import SQL

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.snooze import Snooze
from moca.core.types import ConversationStatus
from moca.storage.db.operator_tables import Operator
from moca.storage.db.rows import read_dicts
from moca.storage.db.tables import IS_NOT_OPEN, Contact, Conversation
from moca.storage.queries.labels import (
    LATEST_OF_LABEL,
    comes_after_of_label,
    labels_of,
    with_label,
)
from moca.storage.queries.pagination import Key, Page, instant_of, microseconds_of
from moca.storage.queries.records import ContactName, ConversationRecord, LabelRecord
from moca.storage.queries.team.account_scope import narrow

_OTHERS_SHOWN = 10
_LATEST_FIRST = (Conversation.last_activity_at.desc(), Conversation.id.desc())


def read_conversation(conversation_id: int) -> ConversationRecord | None:
    """Return a conversation, or None."""
    row = conversation_rows().where(Conversation.id == conversation_id).first()
    return None if row is None else records_of([row])[0]


def list_conversations(
    *,
    limit: int,
    after: Key | None = None,
    status: ConversationStatus | None = None,
    psid: str | None = None,
    label_id: int | None = None,
    scope: AccountScope = ALL_ACCOUNTS,
) -> Page[ConversationRecord]:
    """Return conversations, most recently active first."""
    query = narrow(conversation_rows(), scope)
    order, follows = _LATEST_FIRST, comes_after
    if label_id is not None:
        query = with_label(query, label_id)
        order, follows = LATEST_OF_LABEL, comes_after_of_label
    if status is not None:
        query = query.where(has_status(status))
    if psid is not None:
        query = query.where(Contact.psid == psid)
    if after is not None:
        query = query.where(follows(*after))
    rows = list(query.order_by(*order).limit(limit + 1))
    shown = records_of(rows[:limit])
    return Page(shown, key_of(shown[-1]) if len(rows) > limit else None)


def other_conversations(of: ConversationRecord) -> tuple[ConversationRecord, ...]:
    """Return the same contact's other conversations, up to 10, most recently active first."""
    contact = of.contact
    is_theirs = (Contact.psid == contact.psid) & (Contact.account_id == contact.account_id)
    query = conversation_rows().where(is_theirs & (Conversation.id != of.id))
    latest = query.order_by(Conversation.last_activity_at.desc()).limit(_OTHERS_SHOWN)
    return records_of(read_dicts(latest))


def has_status(status: ConversationStatus) -> Any:
    """Return the condition for a status, using the index of those not open where possible."""
    if status is ConversationStatus.OPEN:
        return Conversation.status == status
    return IS_NOT_OPEN & (Conversation.status == SQL(f"'{status}'"))


def conversation_rows(*more: Any) -> Any:
    """Return the query for the rows of `records_of`, with more columns."""
    is_assignee = Operator.id == Conversation.assignee_id
    columns = (
        Conversation,
        Contact.account_id,
        Contact.psid,
        Contact.name,
        Contact.username,
        Operator.select(Operator.name).where(is_assignee).alias("assignee"),
    )
    return Conversation.select(*columns, *more).join(Contact).dicts()


def comes_after(activity_us: int, conversation_id: int) -> Any:
    """Return the condition for conversations after a key, most recently active first."""
    at = instant_of(activity_us)
    earlier = Conversation.last_activity_at < at
    tied = (Conversation.last_activity_at == at) & (Conversation.id < conversation_id)
    return earlier | tied


def key_of(last: ConversationRecord) -> Key:
    """Return the key of a conversation's place in the list."""
    return (microseconds_of(last.last_activity_at), last.id)


def records_of(rows: Iterable[dict[str, Any]]) -> tuple[ConversationRecord, ...]:
    """Return the records of rows of `conversation_rows`, with their labels."""
    read = tuple(rows)
    labels = labels_of([row["id"] for row in read])
    return tuple(_record(row, labels.get(row["id"], ())) for row in read)


def _record(row: dict[str, Any], labels: tuple[LabelRecord, ...]) -> ConversationRecord:
    return ConversationRecord(
        id=row["id"],
        contact=ContactName.of(row),
        status=ConversationStatus(row["status"]),
        held_until=row["held_until"],
        held_by=row["held_by"],
        created_at=row["created_at"],
        last_user_message_at=row["last_user_message_at"],
        last_bot_message_at=row["last_bot_message_at"],
        last_activity_at=row["last_activity_at"],
        cooldown_until=row["cooldown_until"],
        needs_reply_since=row["needs_reply_since"],
        assignee=row["assignee"],
        snooze=_snooze_of(row),
        labels=labels,
    )


def _snooze_of(row: dict[str, Any]) -> Snooze | None:
    since, heard_at = row["snoozed_at"], row["last_user_message_at"]
    if since is None or (heard_at is not None and heard_at > since):
        return None
    return Snooze(since, row["snoozed_until"])
