from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.storage.models import DeletionRequest


@dataclass(frozen=True, slots=True)
class DeletionRecord:
    """How far the erasure is that somebody asked for."""

    code: str
    requested_at: datetime
    completed_at: datetime | None


def find_deletion(code: str) -> DeletionRecord | None:
    """Look a request up by its code; None if there is none."""
    columns = (DeletionRequest.code, DeletionRequest.requested_at, DeletionRequest.completed_at)
    query: Any = DeletionRequest.select(*columns).where(DeletionRequest.code == code)
    return next((DeletionRecord(*row) for row in query.tuples()), None)
