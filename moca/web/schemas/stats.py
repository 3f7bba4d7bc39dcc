from pydantic import AwareDatetime, Field

from moca.core.types import ConversationStatus, ItemStatus, Outcome
from moca.web.schemas.responses import ResponseModel


class LatenciesShape(ResponseModel):
    """From a message's arrival to the sending of its reply."""

    count: int
    p50_seconds: float | None
    p99_seconds: float | None
    longest_seconds: float | None


class DayDeliveredShape(ResponseModel):
    """The share of a day's messages that arrived by webhook."""

    day: str = Field(description="UTC date, such as 2026-11-22.")
    delivered: int
    missed: int = Field(
        description="Messages found in Instagram's record for which no webhook arrived."
    )


class DeliveryShape(ResponseModel):
    """How reliably an account's webhooks arrived over the last 14 days."""

    account_id: str
    share: float | None = Field(
        description="Share of messages delivered by webhook; null if there were none."
    )
    compared_until: AwareDatetime | None
    last_arrival_at: AwareDatetime | None
    quiet_since_at: AwareDatetime | None
    quiet_because: str
    days: list[DayDeliveredShape]


class StatsShape(ResponseModel):
    """The current figures."""

    queue: dict[ItemStatus, int]
    conversations: dict[ConversationStatus, int]
    latest: int = Field(description="Number of most recent messages counted.")
    outcomes: dict[Outcome, int]
    open: int
    replies: LatenciesShape
    delivery: list[DeliveryShape]
