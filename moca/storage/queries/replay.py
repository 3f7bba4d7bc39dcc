from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.inbound.events import InboundMessage
from moca.core.types import Author, ContactKey, Role
from moca.storage.content_codec import read_received
from moca.storage.db.bulk import in_chunks
from moca.storage.db.scan import rows_between
from moca.storage.db.tables import Contact, Conversation, Message, Webhook, is_contact

_BODIES_AT_A_TIME = 50
"""One may be 4 MiB."""
_SENT_BY_MOCA = (Author.BOT.value, Author.OPERATOR.value)


class StoredBody(NamedTuple):
    """A webhook as it came; empty where what it told was erased."""

    received_at: datetime
    body: bytes


class Unlinked(NamedTuple):
    """A message whose webhook is gone, or that was fetched because none told it."""

    received_at: datetime
    message: InboundMessage


def stored_bodies(since: datetime, until: datetime) -> Iterator[StoredBody]:
    """Give the webhooks received from an instant on and before another, as they came."""
    query = Webhook.select(Webhook.id, Webhook.received_at, Webhook.body)
    instant, page = Webhook.received_at, _BODIES_AT_A_TIME
    for row in rows_between(since, until, query=query, instant=instant, page=page):
        yield StoredBody(row["received_at"], bytes(row["body"]))


def unlinked_messages(since: datetime, until: datetime) -> Iterator[Unlinked]:
    """Give what contacts said of which no webhook tells, as it was stored."""
    is_one = Message.webhook.is_null() & (Message.role == Role.USER) & Message.deleted_at.is_null()
    query: Any = (
        Message.select(Message, Contact.psid)
        .join(Conversation, on=Message.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .where(is_one)
    )
    for row in rows_between(since, until, query=query, instant=Message.created_at):
        yield Unlinked(row["created_at"], _inbound(row))


def mids_of_ours(mids: Collection[str]) -> set[tuple[str, str]]:
    """Tell which of these messages Moca sent, by account and mid."""
    found: set[tuple[str, str]] = set()
    for chunk in in_chunks(sorted(mids)):
        query: Any = Message.select(Message.account_id, Message.mid).where(
            (Message.mid << chunk) & (Message.author << _SENT_BY_MOCA)
        )
        found.update(query.tuples())
    return found


def name_of(contact: ContactKey) -> str | None:
    """Tell what a contact calls itself; None where nobody knows."""
    query: Any = Contact.select(Contact.name).where(is_contact(contact))
    return next((name for (name,) in query.tuples()), None)


def opted_out_before(instant: datetime) -> Iterator[tuple[ContactKey, datetime]]:
    """Give who wants no automatic message since before an instant, and since when."""
    query: Any = Contact.select(Contact.account_id, Contact.psid, Contact.opted_out_at)
    for account_id, psid, at in query.where(Contact.opted_out_at < instant).tuples().iterator():
        yield ContactKey(account_id, psid), at


def _inbound(row: dict[str, Any]) -> InboundMessage:
    return InboundMessage(
        contact=ContactKey(row["account_id"], row["psid"]),
        mid=row["mid"],
        kind=row["kind"],
        type=row["type"],
        text=row["text"],
        received=read_received(row["content"]),
        sent_at=row["sent_at"],
    )
