from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import JOIN, Node, fn

from moca.core.conversation.consent import ConsentChange
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.messages.conversation import ConversationLoaded, LoadConversation
from moca.core.reply_window import opened_before
from moca.core.types import Author, ContactKey, ConversationStatus, Outcome, Role
from moca.storage.content_codec import read_received
from moca.storage.db.statements import Selection
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


def _of_current_conversations() -> Any:
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
    return Contact.select(*columns).join(Conversation).where(IS_CURRENT)


def _earlier_messages(since: Node) -> Any:
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
    return query.where(said & ended & not_repeated).order_by(Message.id)


def _edge() -> Node:
    """Return the id of the last message too far back in its conversation, or 0 if there is none."""
    message = Message.alias()
    own = message.select(message.id).where(message.conversation == Conversation.id)
    return fn.COALESCE(own.order_by(message.id.desc()).offset(_LATEST).limit(1), 0)


def _items_of_the_bot(column: Any, condition: Any) -> Any:
    # SQLite keeps to the order of a cross join; otherwise it would go through all pending items.
    query = Conversation.select(Conversation.id, column).join(QueueItem, JOIN.CROSS)
    own = (QueueItem.conversation == Conversation.id) & (Message.author == Author.BOT.value)
    return query.join(Message, on=QueueItem.message == Message.id).where(own & condition)


_CURRENT = Selection(_of_current_conversations, Contact.psid)
_UNANSWERED = Selection(
    lambda: Message.select(*_INBOUND).where(IS_UNANSWERED).order_by(Message.id),
    Message.conversation,
)
_EARLIER = Selection(_earlier_messages, Conversation.id)
_IN_FLIGHT = Selection(lambda: _items_of_the_bot(QueueItem.id, IS_UNDER_WAY), Conversation.id)
_HELD = Selection(
    lambda: _items_of_the_bot(QueueItem.id, IS_HELD_REPLY & Message.comment_id.is_null()),
    Conversation.id,
)
_RECENT_REPLIES = Selection(
    lambda since: _items_of_the_bot(QueueItem.sent_at, QueueItem.sent_at > since).order_by(
        QueueItem.sent_at
    ),
    Conversation.id,
)


@handles(LoadConversation)
def load_conversations(batch: Batch, commands: Sequence[LoadConversation]) -> None:
    """Report the snapshot of each contact's current conversation, or None if there is none."""
    rows = _current({command.contact for command in commands})
    ids = [row.conversation_id for row in rows.values()]
    unanswered = _inbound(_UNANSWERED.among(ids))
    accounts = {command.contact.account_id for command in commands}
    policies = {account_id: batch.policy_of(account_id) for account_id in accounts}
    first_at = min(command.at for command in commands)
    max_dedup = max(policy.dedup for policy in policies.values())
    earlier = _earlier(rows.values(), first_at - max_dedup)
    in_flight = _item_ids(_IN_FLIGHT.among(ids))
    held = _item_ids(_HELD.among(ids))
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
    rows = _CURRENT.among(sorted({contact.psid for contact in contacts}))
    return {ContactKey(account_id, psid): _Row._make(row) for account_id, psid, *row in rows}


def _earlier(rows: Iterable[_Row], since: datetime) -> Mapping[int, list[Inbound]]:
    recent = [
        row.conversation_id
        for row in rows
        if row.last_user_message_at is not None and row.last_user_message_at > since
    ]
    return _inbound(_EARLIER.among(recent, since))


def _inbound(rows: Iterable[list[Any]]) -> Mapping[int, list[Inbound]]:
    found: Mapping[int, list[Inbound]] = defaultdict(list)
    for conversation_id, *row in rows:
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


def _item_ids(rows: Iterable[list[Any]]) -> Mapping[int, list[int]]:
    """Return the queue items by conversation."""
    found: Mapping[int, list[int]] = defaultdict(list)
    for conversation_id, item_id in rows:
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
    for conversation_id, at in _RECENT_REPLIES.among(recent, since):
        found[conversation_id].append(at)
    return found
