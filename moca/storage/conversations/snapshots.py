from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import Node, fn

from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.messages.conversation import ConversationLoaded, LoadConversation
from moca.core.reply_window import opened_before
from moca.core.types import Author, ContactKey, ConversationStatus, Outcome, Role
from moca.storage.content_codec import read_received
from moca.storage.db.bulk import in_chunks
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import (
    IS_CURRENT,
    IS_HELD_REPLY,
    IS_UNANSWERED,
    IS_UNDER_WAY,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

_HOUR = timedelta(hours=1)
_LATEST = 200
"""How many messages of a conversation are searched for the original of a repeat."""


class _Row(NamedTuple):
    conversation_id: int
    status: str
    held_until: datetime | None
    last_user_message_at: datetime | None
    last_bot_message_at: datetime | None
    cooldown_until: datetime | None
    away_text_at: datetime | None
    person_until: datetime | None
    name: str | None
    opted_out_at: datetime | None
    window_opened_at: datetime | None


@handles(LoadConversation)
def load_conversations(batch: Batch, commands: Sequence[LoadConversation]) -> None:
    """Report the snapshot of each contact's current conversation, or None if there is none."""
    rows = _current({command.contact for command in commands})
    ids = [row.conversation_id for row in rows.values()]
    unanswered = _unanswered(ids)
    accounts = {command.contact.account_id for command in commands}
    policies = {account_id: batch.policy_of(account_id) for account_id in accounts}
    first_at = min(command.at for command in commands)
    max_dedup = max(policy.dedup for policy in policies.values())
    earlier = _earlier(rows.values(), first_at - max_dedup)
    in_flight = _own_items(ids, IS_UNDER_WAY)
    held = _own_items(ids, IS_HELD_REPLY & Message.comment_id.is_null())
    limits = {
        row.conversation_id: policies[contact.account_id].replies_per_hour
        for contact, row in rows.items()
    }
    recent_replies = _recent_replies(rows.values(), first_at - _HOUR, limits)
    for command in commands:
        row = rows.get(command.contact)
        if row is None:
            batch.tell(ConversationLoaded(command.contact, None))
            continue
        within = command.at - policies[command.contact.account_id].dedup
        since = max(within, row.last_bot_message_at or within)
        snapshot = Snapshot(
            contact=command.contact,
            conversation_id=row.conversation_id,
            status=ConversationStatus(row.status),
            held_until=row.held_until,
            unanswered=tuple(unanswered[row.conversation_id]),
            remembered=tuple(
                each
                for each in earlier[row.conversation_id]
                if since < each.received_at <= command.at
            ),
            in_flight=frozenset(in_flight[row.conversation_id]),
            held=frozenset(held[row.conversation_id]),
            cooldown_until=row.cooldown_until,
            away_text_at=row.away_text_at,
            recent_replies=tuple(
                at for at in recent_replies[row.conversation_id] if at > command.at - _HOUR
            ),
            is_named=row.name is not None,
            bot_replied_at=row.last_bot_message_at,
            person_until=row.person_until,
            window_opened_at=row.window_opened_at,
            has_opted_out=row.opted_out_at is not None,
        )
        batch.tell(ConversationLoaded(command.contact, snapshot))


def _current(contacts: set[ContactKey]) -> dict[ContactKey, _Row]:
    columns = (
        Contact.account_id,
        Contact.psid,
        Conversation.id,
        Conversation.status,
        Conversation.held_until,
        Conversation.last_user_message_at,
        Conversation.last_bot_message_at,
        Conversation.cooldown_until,
        Conversation.away_text_at,
        Conversation.person_until,
        Contact.name,
        Contact.opted_out_at,
        Contact.window_opened_at,
    )
    query = Contact.select(*columns).join(Conversation)
    found = {}
    for chunk in in_chunks(sorted({contact.psid for contact in contacts})):
        for account_id, psid, *row in read_rows(query.where((Contact.psid << chunk) & IS_CURRENT)):
            found[ContactKey(account_id, psid)] = _Row._make(row)
    return found


_INBOUND = (
    Message.conversation,
    Message.id,
    Message.mid,
    Message.kind,
    Message.type,
    Message.text,
    Message.content,
    Message.created_at,
    Message.consent_change,
    Message.sent_at,
)
_NAMES = ("id", "mid", "kind", "type", "text", "content", "received_at", "wish", "sent_at")


def _unanswered(conversation_ids: Iterable[int]) -> Mapping[int, list[Inbound]]:
    query = Message.select(*_INBOUND).where(IS_UNANSWERED)
    return _inbound(conversation_ids, query, Message.conversation)


def _earlier(rows: Iterable[_Row], since: datetime) -> Mapping[int, list[Inbound]]:
    recent = [
        row.conversation_id
        for row in rows
        if row.last_user_message_at is not None and row.last_user_message_at > since
    ]
    ended = Message.outcome.is_null(is_null=False) | (Message.processed == True)  # noqa: E712
    not_repeated = Message.outcome.is_null() | (Message.outcome != Outcome.DUPLICATE.value)
    said = (
        (Message.role == Role.USER.value)
        & (Message.kind == "message")
        & (Message.type == "text")
        & (Message.text != "")
        & (Message.created_at > since)
    )
    # Starts at the conversation, or the boundary would be looked up again for each of its messages.
    latest = (Message.conversation == Conversation.id) & (Message.id > _edge())
    query = Conversation.select(*_INBOUND).join(Message, on=latest)
    return _inbound(recent, query.where(said & ended & not_repeated), Conversation.id)


def _edge() -> Node:
    """Return the id of the last message too far back in its conversation, or 0 if there is none."""
    message = Message.alias()
    own = message.select(message.id).where(message.conversation == Conversation.id)
    return fn.COALESCE(own.order_by(message.id.desc()).offset(_LATEST).limit(1), 0)


def _inbound(conversation_ids: Iterable[int], query: Any, key: Any) -> Mapping[int, list[Inbound]]:
    found: Mapping[int, list[Inbound]] = defaultdict(list)
    for chunk in in_chunks(conversation_ids):
        for conversation_id, *row in read_rows(query.where(key << chunk).order_by(Message.id)):
            found[conversation_id].append(_read(dict(zip(_NAMES, row, strict=True))))
    return found


def _read(fields: dict[str, Any]) -> Inbound:
    content, consent_change = fields.pop("content"), fields.pop("wish")
    known_consent_change = None if consent_change is None else ConsentChange(consent_change)
    opened_at = opened_before(fields["kind"], fields.pop("sent_at"), fields["received_at"])
    received = read_received(content)
    return Inbound(
        **fields, received=received, consent_change=known_consent_change, opened_at=opened_at
    )


def _own_items(conversation_ids: Iterable[int], condition: Any) -> Mapping[int, list[int]]:
    """Return the bot's queue items of each conversation that meet a condition."""
    found: Mapping[int, list[int]] = defaultdict(list)
    query = QueueItem.select(QueueItem.conversation, QueueItem.id).join(
        Message, on=QueueItem.message == Message.id
    )
    by_bot = Message.author == Author.BOT.value
    for chunk in in_chunks(conversation_ids):
        live = (QueueItem.conversation << chunk) & condition & by_bot
        for conversation_id, item_id in read_rows(query.where(live)):
            found[conversation_id].append(item_id)
    return found


def _recent_replies(
    rows: Iterable[_Row], since: datetime, limits: Mapping[int, int]
) -> Mapping[int, deque[datetime]]:
    """Return when the bot's messages since an instant were sent: the latest few of each."""
    recent = [
        row.conversation_id
        for row in rows
        if row.last_bot_message_at is not None and row.last_bot_message_at > since
    ]
    found = {each: deque[datetime](maxlen=limit) for each, limit in limits.items()}
    query = QueueItem.select(QueueItem.conversation, QueueItem.sent_at).join(
        Message, on=QueueItem.message == Message.id
    )
    by_bot = (Message.author == Author.BOT.value) & (QueueItem.sent_at > since)
    for chunk in in_chunks(recent):
        sent = query.where((QueueItem.conversation << chunk) & by_bot)
        for conversation_id, at in sent.order_by(QueueItem.sent_at).tuples().iterator():
            found[conversation_id].append(at)
    return found
