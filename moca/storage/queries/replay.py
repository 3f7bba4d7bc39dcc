from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.inbound.events import InboundMessage
from moca.core.types import Author, ContactKey, Role
from moca.storage.content_codec import read_received
from moca.storage.db.bulk import in_chunks
from moca.storage.db.rows import read_rows
from moca.storage.db.scan import rows_between
from moca.storage.db.tables import Contact, Conversation, Message, Webhook, is_contact

_BODIES_AT_A_TIME = 50
"""A body can have 4 MiB."""
_SENT_BY_MOCA = (Author.BOT.value, Author.OPERATOR.value)


class StoredBody(NamedTuple):
    """A webhook as received; empty if its content was erased."""

    received_at: datetime
    body: bytes


class UnlinkedMessage(NamedTuple):
    """A message whose webhook is gone, or that was fetched because no webhook carried it."""

    received_at: datetime
    message: InboundMessage


def stored_bodies(since: datetime, until: datetime) -> Iterator[StoredBody]:
    """Yield the webhooks received from one instant until before another, as received."""
    query = Webhook.select(Webhook.id, Webhook.received_at, Webhook.body)
    instant, page = Webhook.received_at, _BODIES_AT_A_TIME
    for row in rows_between(since, until, query=query, instant=instant, page=page):
        yield StoredBody(row["received_at"], bytes(row["body"]))


def unlinked_messages(since: datetime, until: datetime) -> Iterator[UnlinkedMessage]:
    """Yield contacts' messages without a stored webhook."""
    is_one = Message.webhook.is_null() & (Message.role == Role.USER) & Message.deleted_at.is_null()
    query = (
        Message.select(Message, Contact.psid)
        .join(Conversation, on=Message.conversation == Conversation.id)
        .join(Contact, on=Conversation.contact == Contact.id)
        .where(is_one)
    )
    for row in rows_between(since, until, query=query, instant=Message.created_at):
        yield UnlinkedMessage(row["created_at"], _inbound(row))


def mids_of_ours(mids: Collection[str]) -> set[tuple[str, str]]:
    """Return which of these messages Moca sent, by account and mid."""
    found: set[tuple[str, str]] = set()
    for chunk in in_chunks(sorted(mids)):
        query = Message.select(Message.account_id, Message.mid).where(
            (Message.mid << chunk) & (Message.author << _SENT_BY_MOCA)
        )
        found.update(read_rows(query))
    return found


def name_of(contact: ContactKey) -> str | None:
    """Return a contact's name; None if unknown."""
    query = Contact.select(Contact.name).where(is_contact(contact))
    return next((name for (name,) in read_rows(query)), None)


def opted_out_before(instant: datetime) -> Iterator[tuple[ContactKey, datetime]]:
    """Yield the contacts who opted out before an instant and still are, and since when."""
    query = Contact.select(Contact.account_id, Contact.psid, Contact.opted_out_at)
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
