from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import fn

from moca.core.conversation.consent import Wish
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.messages.conversation import ConversationLoaded, LoadConversation
from moca.core.types import Author, ContactKey, ConversationStatus, Outcome, Role
from moca.storage.content_codec import read_received
from moca.storage.db.bulk import in_chunks
from moca.storage.db.tables import (
    IS_CURRENT,
    IS_UNANSWERED,
    IS_UNDER_WAY,
    Contact,
    Conversation,
    Message,
    QueueItem,
)
from moca.storage.inbound.messages import opened_before
from moca.storage.unit_of_work import Batch

_HOUR = timedelta(hours=1)
_LATEST = 200
"""So many messages of a conversation are looked through for one that is repeated."""


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


def load_conversations(batch: Batch, commands: Sequence[LoadConversation]) -> None:
    """Tell what is stored of each contact's current conversation; None where there is none."""
    rows = _current({command.contact for command in commands})
    ids = [row.conversation_id for row in rows.values()]
    unanswered = _unanswered(ids)
    earlier = _earlier(rows.values(), min(command.at for command in commands) - batch.policy.dedup)
    in_flight = _in_flight(ids)
    since = min(command.at for command in commands) - _HOUR
    spoken = _spoken(rows.values(), since, batch.policy.replies_per_hour)
    for command in commands:
        row = rows.get(command.contact)
        if row is None:
            batch.tell(ConversationLoaded(command.contact, None))
            continue
        within = command.at - batch.policy.dedup
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
            cooldown_until=row.cooldown_until,
            away_text_at=row.away_text_at,
            spoken=tuple(at for at in spoken[row.conversation_id] if at > command.at - _HOUR),
            is_named=row.name is not None,
            bot_spoke_at=row.last_bot_message_at,
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
    query: Any = Contact.select(*columns).join(Conversation)
    found = {}
    for chunk in in_chunks(sorted({contact.psid for contact in contacts})):
        for account_id, psid, *row in query.where((Contact.psid << chunk) & IS_CURRENT).tuples():
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
    Message.wish,
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
    # From the conversation on: else the edge is looked for anew with each of its messages.
    latest = (Message.conversation == Conversation.id) & (Message.id > _edge())
    query: Any = Conversation.select(*_INBOUND).join(Message, on=latest)
    return _inbound(recent, query.where(said & ended & not_repeated), Conversation.id)


def _edge() -> Any:
    """Find the last message that is too far back in its conversation; 0 if there is none."""
    message = Message.alias()
    own: Any = message.select(message.id).where(message.conversation == Conversation.id)
    return fn.COALESCE(own.order_by(message.id.desc()).offset(_LATEST).limit(1), 0)


def _inbound(conversation_ids: Iterable[int], query: Any, key: Any) -> Mapping[int, list[Inbound]]:
    found: Mapping[int, list[Inbound]] = defaultdict(list)
    for chunk in in_chunks(conversation_ids):
        for conversation_id, *row in query.where(key << chunk).order_by(Message.id).tuples():
            found[conversation_id].append(_read(dict(zip(_NAMES, row, strict=True))))
    return found


def _read(told: dict[str, Any]) -> Inbound:
    content, wish = told.pop("content"), told.pop("wish")
    known_wish = None if wish is None else Wish(wish)
    opened_at = opened_before(told["kind"], told.pop("sent_at"), told["received_at"])
    received = read_received(content)
    return Inbound(**told, received=received, wish=known_wish, opened_at=opened_at)


def _in_flight(conversation_ids: Iterable[int]) -> Mapping[int, list[int]]:
    found: Mapping[int, list[int]] = defaultdict(list)
    query: Any = QueueItem.select(QueueItem.conversation, QueueItem.id).join(
        Message, on=QueueItem.message == Message.id
    )
    by_bot = Message.author == Author.BOT.value
    for chunk in in_chunks(conversation_ids):
        live = (QueueItem.conversation << chunk) & IS_UNDER_WAY & by_bot
        for conversation_id, item_id in query.where(live).tuples():
            found[conversation_id].append(item_id)
    return found


def _spoken(rows: Iterable[_Row], since: datetime, limit: int) -> Mapping[int, deque[datetime]]:
    """Return when the bot's messages were sent since an instant: the latest `limit` of each."""
    recent = [
        row.conversation_id
        for row in rows
        if row.last_bot_message_at is not None and row.last_bot_message_at > since
    ]
    found: Mapping[int, deque[datetime]] = defaultdict(lambda: deque(maxlen=limit))
    query: Any = QueueItem.select(QueueItem.conversation, QueueItem.sent_at).join(
        Message, on=QueueItem.message == Message.id
    )
    by_bot = (Message.author == Author.BOT.value) & (QueueItem.sent_at > since)
    for chunk in in_chunks(recent):
        sent = query.where((QueueItem.conversation << chunk) & by_bot)
        for conversation_id, at in sent.order_by(QueueItem.sent_at).tuples().iterator():
            found[conversation_id].append(at)
    return found
