from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.receipt import Receipt


@dataclass(frozen=True, slots=True)
class FreezeQueue:
    """Let nothing go until it is released. Web -> Supervisor -> Persistence."""

    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReleaseQueue:
    """Let everything go again. Web -> Supervisor -> Persistence."""

    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Freezing = FreezeQueue | ReleaseQueue


@dataclass(frozen=True, slots=True)
class FreezeChanged:
    """The queue was frozen or released, on disk. Persistence -> Sender."""

    is_frozen: bool
