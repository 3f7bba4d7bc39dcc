import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import peewee

from moca.core.inbound.redaction import mentions, redacted
from moca.core.types import ContactKey
from moca.storage.db.bulk import Insertion, in_chunks
from moca.storage.db.privacy_tables import PendingRedaction
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import (
    Event,
    Message,
    Webhook,
)

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


class WebhookBody(NamedTuple):
    """A webhook that carried a message again."""

    webhook_id: int
    contact: ContactKey
    mid: str
    at: datetime

    @property
    def key(self) -> str:
        """Identifies the pair of webhook and message."""
        parts = "redelivery", str(self.webhook_id), self.contact.account_id, self.mid
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def note_bodies(bodies: Iterable[WebhookBody]) -> None:
    """Record which webhooks carried messages again, so that their text can be erased there."""
    distinct = {body.key: body for body in bodies}
    for chunk in in_chunks(list(distinct)):
        query = Event.select(Event.key).where(Event.key << chunk)
        for (key,) in read_rows(query):
            del distinct[key]
    _REDELIVERED.quietly(
        (each.webhook_id, "redelivery", *each.contact, each.mid, key, each.at, "{}", 0, 0, "")
        for key, each in distinct.items()
    )


def redact_bodies_of(account_id: str, mid: str) -> None:
    """Redact an unsent message in every webhook body that carried it."""
    found_ids: set[int] = set()
    for table in (Message, Event):
        about = (table.mid == mid) & (table.account_id == account_id)
        query = table.select(table.webhook).where(about & table.webhook.is_null(is_null=False))
        found_ids.update(webhook_id for (webhook_id,) in read_rows(query))
    for webhook_id in sorted(found_ids):
        redact_body(webhook_id, mid)


def redact_body(webhook_id: int, mid: str) -> None:
    """Redact an unsent message in one webhook body."""
    query = Webhook.select(Webhook.body).where(Webhook.id == webhook_id)
    for (body,) in read_rows(query):
        clean = redacted(bytes(body), mid)
        Webhook.update(body=clean).where(Webhook.id == webhook_id).execute()


def begin_redaction(account_id: str, psid: str | None, code: str | None = None) -> None:
    """Schedule the search of all stored bodies for a contact, or for a whole account.

    Not every body is linked to its contact: those of echoes and redeliveries are not.
    """
    latest: int | None = Webhook.select(peewee.fn.MAX(Webhook.id)).scalar()
    if latest is not None:
        PendingRedaction.create(account_id=account_id, psid=psid, code=code, until_id=latest)


def redact_portion(portion: int) -> bool:
    """Delete those of the next bodies that name an erased contact; False if none are left."""
    pending = PendingRedaction.select().order_by(PendingRedaction.id).first()
    if pending is None:
        return False
    query = (
        Webhook.select(Webhook.id, Webhook.body)
        .where((Webhook.id > pending.after_id) & (Webhook.id <= pending.until_id))
        .order_by(Webhook.id)
        .limit(portion)
    )
    bodies = [(webhook_id, bytes(body)) for webhook_id, body in read_rows(query)]
    names = _names(pending.account_id, pending.psid)
    delete_webhooks(webhook_id for webhook_id, body in bodies if names(body))
    if len(bodies) < portion:
        pending.delete_instance()
    else:
        PendingRedaction.update(after_id=bodies[-1][0]).where(
            PendingRedaction.id == pending.id
        ).execute()
    return True


def delete_webhooks(webhook_ids: Any) -> None:
    """Delete webhook bodies; the rows stored from them stay."""
    for chunk in in_chunks(sorted(set(webhook_ids))):
        Webhook.delete().where(Webhook.id << chunk).execute()


def _names(account_id: str, psid: str | None) -> Any:
    return mentions(account_id) if psid is None else mentions(*ContactKey(account_id, psid))
