from dataclasses import dataclass
from datetime import datetime

from moca.core.webhook import Echo, InboundMessage


@dataclass(frozen=True, slots=True)
class FindMissing:
    """Look for messages that were hinted at and never came. Supervisor -> Persistence."""

    at: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class MissingMessage:
    """A message of which only the id is known."""

    account_id: str
    mid: str


@dataclass(frozen=True, slots=True)
class MessagesMissing:
    """These messages never came. Persistence -> Supervisor."""

    messages: tuple[MissingMessage, ...]


@dataclass(frozen=True, slots=True)
class FetchMessage:
    """Read a message by its id. Supervisor -> Courier."""

    missing: MissingMessage


@dataclass(frozen=True, slots=True)
class RecordFetched:
    """Take in a message that no webhook told. Courier -> Persistence."""

    account_id: str
    mid: str
    found: InboundMessage | Echo | None
    at: datetime
    because: str = ""
    """Why nothing was found."""
