from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moca.storage.models import Signing, Webhook


def read_signings() -> Mapping[str, datetime]:
    """Tell by a secret's name when it last signed a webhook, to within a minute."""
    query: Any = Signing.select(Signing.secret, Signing.last_at)
    return dict(query.tuples())


def last_webhook_at() -> datetime | None:
    """Tell when the last webhook came; None if none ever did, or none is kept."""
    query: Any = Webhook.select(Webhook.received_at).order_by(Webhook.id.desc()).limit(1)
    return next((at for (at,) in query.tuples()), None)
