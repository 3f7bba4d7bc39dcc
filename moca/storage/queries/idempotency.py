from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.messages.idempotency import KEYS_LAST
from moca.storage.operators.idempotency import IdempotencyKey


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The first answer to a request that was carried out; without a status it was not kept."""

    fingerprint: str
    status: int | None
    body: str = field(repr=False)


def read_answer(key: str, at: datetime) -> KeptAnswer | None:
    """Look up the answer to the request with this key; None if it was not carried out lately."""
    columns = (IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.body)
    is_it = (IdempotencyKey.key == key) & (IdempotencyKey.at > at - KEYS_LAST)
    query: Any = IdempotencyKey.select(*columns).where(is_it)
    row = query.tuples().first()
    return None if row is None else KeptAnswer(row[0], row[1], row[2] or "")
