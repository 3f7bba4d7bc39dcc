import json
import re
from typing import Any

from peewee import JOIN

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.reasons import stored_reason
from moca.core.types import DEFAULT_BOT, Author, MadeBy, MessageStatus, Outcome, Role
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.queries.pagination import Key, Page
from moca.storage.queries.records import ContactName, MessageRecord
from moca.storage.queries.team.account_scope import narrow

_OWN_MID = re.compile(r"(moca|message)-([0-9]{1,18})")


def address_of(message_id: int, mid: str | None) -> str:
    """Return a message's public id: Instagram's, or `moca-<id>` until it has one."""
    return mid or f"moca-{message_id}"


def find_message(mid: str, scope: AccountScope = ALL_ACCOUNTS) -> MessageRecord | None:
    """Return a message, or None if there is none.

    Args:
        mid: Instagram's id, which may be that of a message in several accounts; `moca-<id>` for a
            message that Moca wrote; or `message-<id>` for any message, by its id in the logs.
        scope: Of the caller.
    """
    rows = narrow(full_rows(), scope)
    by_mid = _first(rows.where(Message.mid == mid).order_by(Message.kind, Message.id))
    own = _OWN_MID.fullmatch(mid)
    if by_mid is not None or own is None:
        return by_mid
    found = _first(rows.where(Message.id == int(own[2])))
    is_meant = found is not None and (own[1] == "message" or found.role == Role.ASSISTANT)
    return found if is_meant else None


def account_of_message(mid: str, scope: AccountScope) -> str | None:
    """Return the account of a message by its public id, one in scope if possible, or None."""
    found = find_message(mid, scope) or find_message(mid)
    return None if found is None else found.contact.account_id


def read_message(message_id: int) -> MessageRecord | None:
    """Return a message by its row id, or None."""
    return _first(full_rows().where(Message.id == message_id))


def messages_of(
    conversation_id: int, *, limit: int, after: Key | None = None
) -> Page[MessageRecord]:
    """Return a conversation's messages, newest first."""
    query = full_rows().where(Message.conversation == conversation_id)
    return _page(query, limit=limit, after=after)


def messages_where(condition: Any, limit: int) -> tuple[MessageRecord, ...]:
    """Return the newest messages that meet a condition, newest first."""
    query = full_rows().where(condition).order_by(Message.id.desc()).limit(limit)
    return tuple(record_of(row) for row in query)


def answered_by(message_id: int) -> tuple[str, ...]:
    """Return the public ids of the messages that a reply answers, oldest first."""
    query = Message.select(Message.id, Message.mid).where(Message.reply == message_id)
    return tuple(address_of(row, mid) for row, mid in read_rows(query.order_by(Message.id)))


def full_rows() -> Any:
    """Return a query for messages with everything that `record_of` needs."""
    reply, original = Message.alias(), Message.alias()
    return (
        Message.select(
            Message,
            Contact.psid,
            Contact.name,
            Contact.username,
            reply.mid.alias("reply_mid"),
            original.id.alias("original_id"),
            original.mid.alias("original_mid"),
        )
        .join(Conversation)
        .join(Contact)
        .join(reply, JOIN.LEFT_OUTER, on=(Message.reply == reply.id))
        .join(original, JOIN.LEFT_OUTER, on=(Message.duplicate_of == original.id))
        .dicts()
    )


def _page(query: Any, *, limit: int, after: Key | None) -> Page[MessageRecord]:
    if after is not None:
        query = query.where(Message.id < after[0])
    rows = [record_of(row) for row in query.order_by(Message.id.desc()).limit(limit + 1)]
    shown = tuple(rows[:limit])
    return Page(shown, (shown[-1].id,) if len(rows) > limit else None)


def _first(query: Any) -> MessageRecord | None:
    row = query.limit(1).first()
    return None if row is None else record_of(row)


def record_of(row: dict[str, Any]) -> MessageRecord:
    """Return the record of a row from `full_rows`."""
    return MessageRecord(
        id=row["id"],
        mid=address_of(row["id"], row["mid"]),
        kind=row["kind"],
        type=row["type"],
        role=Role(row["role"]),
        author=Author(row["author"]),
        author_name=row["author_name"],
        text=row["text"],
        content=json.loads(row["content"]) if row["content"] else None,
        status=MessageStatus(row["status"]),
        processed=row["processed"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        because=row["because"],
        reason=stored_reason(row["reason"], row["because"]),
        contact=ContactName.of(row),
        conversation_id=row["conversation"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
        reply_id=row["reply"],
        reply_mid=address_of(row["reply"], row["reply_mid"]) if row["reply"] else None,
        duplicate_of_mid=_original(row),
        redeliveries=row["redeliveries"],
        made_by=_made_by(row),
        is_ai_generated=row["is_ai_generated"],
        topic=row["topic"],
        drafted_text=row["drafted_text"],
    )


def _made_by(row: dict[str, Any]) -> MadeBy | None:
    if row["generator"] is None:
        return None
    is_ai = bool(row["is_ai_generated"])
    bot = row["bot"] or DEFAULT_BOT, row["bot_version"]
    return MadeBy(row["generator"], row["rule"], is_ai, row["topic"], *bot)


def _original(row: dict[str, Any]) -> str | None:
    if row["original_id"] is None:
        return None
    return address_of(row["original_id"], row["original_mid"])
