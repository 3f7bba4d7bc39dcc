import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from moca.core.contact import ContactKey
from moca.core.scrubbing import scrubbed
from moca.storage.bulk import Insertion
from moca.storage.chunks import in_chunks
from moca.storage.models import Event, Message, Webhook

_REDELIVERED = Insertion(
    Event,
    Event.webhook,
    Event.kind,
    Event.account_id,
    Event.psid,
    Event.mid,
    Event.key,
    Event.at,
    Event.detail,
    Event.redeliveries,
    Event.fetches,
    Event.because,
)


class Body(NamedTuple):
    """A webhook in which a message came again."""

    webhook_id: int
    contact: ContactKey
    mid: str
    at: datetime

    @property
    def key(self) -> str:
        """What makes it one, however often the message stands in it."""
        told = "redelivery", str(self.webhook_id), self.contact.account_id, self.mid
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


def note_bodies(bodies: Iterable[Body]) -> None:
    """Remember in which webhooks messages came again, so that what they said can be erased."""
    distinct = {body.key: body for body in bodies}
    for chunk in in_chunks(list(distinct)):
        query: Any = Event.select(Event.key).where(Event.key << chunk)
        for (key,) in query.tuples():
            del distinct[key]
    _REDELIVERED.quietly(
        (each.webhook_id, "redelivery", *each.contact, each.mid, key, each.at, "{}", 0, 0, "")
        for key, each in distinct.items()
    )


def scrub_bodies_of(account_id: str, mid: str) -> None:
    """Take what an unsent message said out of every webhook in which it came."""
    came: set[int] = set()
    for table in (Message, Event):
        about = (table.mid == mid) & (table.account_id == account_id)
        query: Any = table.select(table.webhook).where(about & table.webhook.is_null(is_null=False))
        came.update(webhook_id for (webhook_id,) in query.tuples())
    for webhook_id in sorted(came):
        scrub_body(webhook_id, mid)


def scrub_body(webhook_id: int, mid: str) -> None:
    """Take what an unsent message said out of one webhook."""
    query: Any = Webhook.select(Webhook.body).where(Webhook.id == webhook_id)
    for (body,) in query.tuples():
        clean = scrubbed(bytes(body), mid)
        Webhook.update(body=clean).where(Webhook.id == webhook_id).execute()
