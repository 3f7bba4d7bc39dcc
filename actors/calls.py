from dataclasses import dataclass
from datetime import datetime

from moca.core.outbox.queued_reply import QueuedReply


@dataclass(slots=True)
class Call:
    """A call under way, as the sender tracks it."""

    reply: QueuedReply
    started_at: datetime
    is_settled: bool = False
    """An echo or an operator settled it while the call was still under way."""
