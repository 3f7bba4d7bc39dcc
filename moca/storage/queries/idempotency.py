from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.idempotency import KEYS_LAST
from moca.storage.operators.idempotency import IdempotencyKey


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first response to a request that was carried out; without a status it was not stored."""

    fingerprint: str
    status: int | None
    body: str = field(repr=False)


def read_answer(key: str, at: datetime) -> KeptAnswer | None:
    """Return the response to the request with this key; None if it was not carried out recently."""
    columns = (IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.body)
    is_it = (IdempotencyKey.key == key) & (IdempotencyKey.at > at - KEYS_LAST)
    query = IdempotencyKey.select(*columns).where(is_it)
    row = query.tuples().first()
    return None if row is None else KeptAnswer(row[0], row[1], row[2] or "")
