from dataclasses import dataclass, field
from datetime import datetime

from moca.core.vocabulary import Stage


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a message, and why; never holds what a person wrote."""

    message_id: int
    at: datetime
    stage: Stage
    outcome: str
    """One or two words: stored, passed, waiting, duplicate, sent …"""
    detail: str = field(default="")
    """The figures behind it, for a person to read."""
