from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moca.core.messages.idempotency import RequestKey
from moca.core.messages.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Deed:
    """A command with who gave it, for the audit trail. Web -> Supervisor -> Persistence."""

    command: Any
    """Any command with a receipt."""
    by: str
    what: str
    about: str
    """By ids of ours only: it outlives what it is about."""
    at: datetime
    by_id: int | None = None
    """The number of the operator or link session; None for the bearer of the token."""
    new_row: str = ""
    """What kind of row the command adds, so that the entry holds its number; or nothing."""
    request: RequestKey | None = None
    """By which it is carried out once, however often it is asked."""

    @property
    def receipt(self) -> Receipt | None:
        """Who waits for the command waits for the deed."""
        receipt: Receipt | None = self.command.receipt
        return receipt


@dataclass(frozen=True, slots=True)
class RecordAudit:
    """Something to be kept that no command did, such as a refused login. Web -> Persistence."""

    by: str
    what: str
    about: str
    at: datetime
    by_id: int | None = None
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Auditing = Deed | RecordAudit
"""What writes into the audit log."""
