from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from moca.core.contact import ContactKey
from moca.core.vocabulary import Author, Role
from moca.core.webhook import Echo, InboundMessage
from moca.storage.models import Contact, Conversation, Event, Message, is_contact
from moca.storage.storable import storable

_LATELY = 60
_CONVERSATIONS = 3
_CLOCKS_APART = {Role.USER: timedelta(seconds=2), Role.ASSISTANT: timedelta(seconds=30)}
"""Of a reply we know when the call had ended, and Instagram tells whole seconds."""
_NOT_MISSED = ("self", "deletion")
"""Kinds of events that tell of a message which is not to be stored."""


class Found(NamedTuple):
    """A message of the record that no webhook told."""

    told: InboundMessage | Echo
    sent_at: datetime
    is_answered: bool
    """Whether a person wrote to the contact after it, as far as can be told."""


class _Stored(NamedTuple):
    mid: str | None
    role: str
    author: str
    text: str
    created_at: datetime
    told_at: datetime | None

    @property
    def sent_at(self) -> datetime:
        return self.told_at or self.created_at


def never_came(
    messages: Sequence[InboundMessage | Echo], since: datetime, until: datetime
) -> list[Found]:
    """Tell which of a thread's messages are not stored, oldest first; only those of that span.

    They are given newest first, as the record tells them. Should it call a message otherwise than
    its webhook did, that one is known by its writer, its text and its instant.
    """
    listed = {each.mid for each in messages}
    # Instants are whole seconds: within one, the order of the record must hold.
    oldest_first = messages[::-1]
    dated = [(each, each.sent_at) for each in oldest_first if each.sent_at is not None]
    wanted = [(each, at) for each, at in dated if since < at <= until]
    known = _known([each for each, _ in wanted])
    fresh = [(each, at) for each, at in wanted if each.mid not in known]
    if not fresh:
        return []
    lately = _lately(fresh[0][0].contact)
    by_hand = [each.sent_at for each in lately if each.author == Author.HUMAN.value]
    by_hand += [at for each, at in fresh if isinstance(each, Echo)]
    unlisted = [each for each in lately if each.mid not in listed]
    return sorted(
        (
            Found(each, at, any(other > at for other in by_hand))
            for each, at in fresh
            if not any(_is_twin(each, at, other) for other in unlisted)
        ),
        key=lambda found: found.sent_at,
    )


def _known(messages: Iterable[InboundMessage | Echo]) -> set[str]:
    by_mid = {each.mid: each.contact.account_id for each in messages}
    if not by_mid:
        return set()
    account_id = next(iter(by_mid.values()))
    stored: Any = Message.select(Message.mid).where(
        (Message.mid << list(by_mid)) & (Message.account_id == account_id)
    )
    told: Any = Event.select(Event.mid).where(
        (Event.mid << list(by_mid)) & (Event.account_id == account_id) & (Event.kind << _NOT_MISSED)
    )
    return {mid for query in (stored, told) for (mid,) in query.tuples()}


def _lately(contact: ContactKey) -> list[_Stored]:
    conversations: Any = (
        Conversation.select(Conversation.id)
        .join(Contact)
        .where(is_contact(contact))
        .order_by(Conversation.id.desc())
        .limit(_CONVERSATIONS)
    )
    ids = [conversation_id for (conversation_id,) in conversations.tuples()]
    latest = Message.alias()
    lately: Any = latest.select(latest.id).where(latest.conversation << ids)
    query: Any = Message.select(
        Message.mid,
        Message.role,
        Message.author,
        Message.text,
        Message.created_at,
        Message.sent_at,
    ).where(Message.id << lately.order_by(latest.id.desc()).limit(_LATELY))
    return [_Stored._make(row) for row in query.order_by(Message.id.desc()).tuples()]


def _is_twin(told: InboundMessage | Echo, at: datetime, stored: _Stored) -> bool:
    role = Role.ASSISTANT if isinstance(told, Echo) else Role.USER
    says_the_same = stored.text.strip() == storable(told.text).strip()
    is_near = abs(stored.sent_at - at) <= _CLOCKS_APART[role]
    return stored.role == role.value and stored.mid is not None and says_the_same and is_near
