from dataclasses import dataclass
from datetime import datetime
from typing import Any

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

    @property
    def receipt(self) -> Receipt | None:
        """Who waits for the command waits for the deed."""
        receipt: Receipt | None = self.command.receipt
        return receipt
