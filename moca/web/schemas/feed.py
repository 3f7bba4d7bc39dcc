from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from moca.core.feed import FeedKind
from moca.core.types import ConversationStatus
from moca.web.schemas.requests import Limit, Query
from moca.web.schemas.responses import ContactNameShape, MessageShape, ResponseModel

MAX_WAIT_SECONDS = 30
_MAX_ID = 2**63 - 1


def _known_kinds(kinds: str) -> str:
    known = set(FeedKind)
    unknown = [each for each in kinds.split(",") if each and each not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a kind; the kinds are {', '.join(FeedKind)}")
    return kinds


class FeedQuery(Query):
    """Which events are read."""

    after: Annotated[int, Field(ge=0, le=_MAX_ID)] = Field(
        0, description="The `next` of the page before; 0 for the oldest event that is kept."
    )
    limit: Limit = Field(50, description="Size of the page.")
    kinds: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_known_kinds)] = Field(
        "", description="Kinds to read, with commas between them; empty for all."
    )
    texts: bool = Field(
        default=False,
        description="Whether messages come with their text and content, and contacts with names.",
    )
    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS)] = Field(
        0, description="How many seconds to wait for an event if there is none yet."
    )

    @property
    def wanted_kinds(self) -> tuple[FeedKind, ...]:
        """Return the kinds to read; empty for all."""
        return tuple(FeedKind(each) for each in self.kinds.split(",") if each)


class EventDataShape(ResponseModel):
    """What an event is about: what does not apply is null, as is what has been erased."""

    account_id: str | None
    conversation_id: str | None
    contact_id: str | None = Field(description="Moca's own ID, which contact.erased names.")
    contact: ContactNameShape | None
    message_id: str | None = Field(description="Moca's own ID, which never changes.")
    message: MessageShape | None = Field(
        description="The message as it is now; without texts, text is empty and content null."
    )
    because: str | None = Field(None, description="Why it happened.")
    status: ConversationStatus | None = Field(None, description="For conversation.changed.")
    held_until: AwareDatetime | None = Field(None, description="For conversation.changed.")
    count: int | None = Field(None, description="For account.webhooks_missed.")
    restored_after: int | None = Field(
        None, description="For database.restored: the last event that the backup holds."
    )


class FeedEventShape(ResponseModel):
    """An event of the feed."""

    id: int
    kind: FeedKind
    at: AwareDatetime
    data: EventDataShape


class FeedShape(ResponseModel):
    """A part of the feed, oldest first."""

    items: tuple[FeedEventShape, ...]
    next: int = Field(description="Where to read on: the next request's `after`.")


def event_document(event: Any) -> bytes:
    """Return an event as JSON, as the feed shows it."""
    return FeedEventShape.model_validate(event_values(event)).model_dump_json().encode()


def event_values(event: Any) -> dict[str, object]:
    """Return the values of an event's shape."""
    names = ("account_id", "conversation_id", "contact_id", "contact", "message_id", "message")
    data = {name: getattr(event, name) for name in names} | event.detail
    return {"id": event.id, "kind": event.kind, "at": event.at, "data": data}
