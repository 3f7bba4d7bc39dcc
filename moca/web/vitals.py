from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the process tells of itself."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    """Messages that wait for each part of which there is only one, or one pool."""
    live_conversations: int | None = None
    """None where the supervisor does not answer."""
    database_bytes: int | None = None
    wal_bytes: int | None = None
    """What SQLite has yet to bring into its file; None for any other database."""
    seats: int | None = None
    """How many seats this node holds of the cluster's; None on one machine."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the doctor says of one thing: that it is fine, or the one thing to do."""

    name: str
    is_fine: bool
    told: str
