from typing import Any

import peewee

from moca.core.contact import ContactKey
from moca.core.mention import mentions
from moca.storage.chunks import in_chunks
from moca.storage.models import Scrub, Webhook


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
