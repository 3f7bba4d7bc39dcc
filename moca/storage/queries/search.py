from dataclasses import dataclass
from typing import Any

from peewee import fn

from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.queries.conversations import record_of
from moca.storage.queries.messages import messages_where
from moca.storage.queries.records import ConversationRecord, MessageRecord

LOOKED_AT = 50_000
"""So many messages, and so many contacts, does one search look at; it can be gone on with."""

_PEOPLE_SHOWN = 12
_LAST = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found in one stretch, and the message before which the next one ends."""

    people: tuple[ConversationRecord, ...]
    messages: tuple[MessageRecord, ...]
    before_id: int | None


def search(words: str, *, limit: int, before_id: int | None = None) -> Found:
    """Search the newest messages before one, and at first contacts by name and id's beginning."""
    newest = int(Message.select(fn.MAX(Message.id)).scalar() or 0)
    upper = min(newest, (before_id or newest + 1) - 1)
    lower = max(upper - LOOKED_AT, 0)
    stretch = (Message.id <= upper) & (Message.id > lower) & Message.text.contains(words)
    messages = messages_where(stretch, limit + 1)
    goes_on = len(messages) > limit
    end = messages[limit - 1].id if goes_on else lower + 1
    people = _people(words) if before_id is None else ()
    return Found(people, messages[:limit], end if end > 1 else None)


def _people(words: str) -> tuple[ConversationRecord, ...]:
    ids = _by_psid(words) | _by_name(words)
    if not ids:
        return ()
    query: Any = (
        Conversation.select(Conversation, Contact.account_id, Contact.psid, Contact.name)
        .join(Contact)
        .where(Conversation.contact << sorted(ids))
        .order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
        .limit(_PEOPLE_SHOWN * 4)
        .dicts()
    )
    latest: dict[tuple[str, str], ConversationRecord] = {}
    for each in map(record_of, query):
        latest.setdefault((each.contact.account_id, each.contact.psid), each)
    return tuple(latest.values())[:_PEOPLE_SHOWN]


def _by_psid(words: str) -> set[int]:
    query: Any = Contact.select(Contact.id).where(
        (Contact.psid >= words) & (Contact.psid < words + _LAST)
    )
    return {row for (row,) in query.limit(_PEOPLE_SHOWN).tuples()}


def _by_name(words: str) -> set[int]:
    newest = int(Contact.select(fn.MAX(Contact.id)).scalar() or 0)
    named = (Contact.id > newest - LOOKED_AT) & Contact.name.contains(words)
    query: Any = Contact.select(Contact.id).where(named).order_by(Contact.id.desc())
    return {row for (row,) in query.limit(_PEOPLE_SHOWN).tuples()}
