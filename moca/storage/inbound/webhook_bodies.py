import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import peewee

from moca.core.inbound.redaction import mentions, scrubbed
from moca.core.types import ContactKey
from moca.storage.db.bulk import Insertion, in_chunks
from moca.storage.db.tables import Event, Message, Scrub, Webhook

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


def begin_scrub(account_id: str, psid: str | None, code: str | None = None) -> None:
    """Have the bodies kept so far searched for a contact, or for a whole account.

    Not every body is linked with whom it tells of: an echo's is not, nor that of a message which
    came again.
    """
    latest: int | None = Webhook.select(peewee.fn.MAX(Webhook.id)).scalar()
    if latest is not None:
        Scrub.create(account_id=account_id, psid=psid, code=code, until_id=latest)


def scrub_portion(portion: int) -> bool:
    """Delete the bodies among the next few that name whom they must not; False if none is left."""
    scrub = Scrub.select().order_by(Scrub.id).first()
    if scrub is None:
        return False
    query: Any = (
        Webhook.select(Webhook.id, Webhook.body)
        .where((Webhook.id > scrub.after_id) & (Webhook.id <= scrub.until_id))
        .order_by(Webhook.id)
        .limit(portion)
    )
    bodies = [(webhook_id, bytes(body)) for webhook_id, body in query.tuples()]
    names = _names(scrub.account_id, scrub.psid)
    delete_webhooks(webhook_id for webhook_id, body in bodies if names(body))
    if len(bodies) < portion:
        scrub.delete_instance()
    else:
        Scrub.update(after_id=bodies[-1][0]).where(Scrub.id == scrub.id).execute()
    return True


def delete_webhooks(webhook_ids: Any) -> None:
    """Delete bodies; what they told is kept where it stands."""
    for chunk in in_chunks(sorted(set(webhook_ids))):
        Webhook.delete().where(Webhook.id << chunk).execute()


def _names(account_id: str, psid: str | None) -> Any:
    return mentions(account_id) if psid is None else mentions(*ContactKey(account_id, psid))
