from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from moca.core.feed import FeedKind
from moca.core.messages.command import AuditText, AwaitedCommand, Command


@dataclass(frozen=True, slots=True)
class AddSubscriber(AwaitedCommand):
    """Store a subscriber, which gets what happens from now on. Web -> Persistence."""

    new_row: ClassVar[str] = "subscriber"

    name: str
    url: str = field(repr=False)
    sealed_secret: str = field(repr=False)
    kinds: tuple[FeedKind, ...]
    has_texts: bool
    at: datetime

    def audit_text(self) -> AuditText:
        return AuditText("added a subscriber", self.name)


@dataclass(frozen=True, slots=True)
class RemoveSubscriber(AwaitedCommand):
    """Delete a subscriber with its deliveries. Web -> Persistence."""

    subscriber_id: int

    def audit_text(self) -> AuditText:
        return AuditText("removed a subscriber", f"subscriber {self.subscriber_id}")


@dataclass(frozen=True, slots=True)
class PauseSubscriber(AwaitedCommand):
    """Stop or resume deliveries; nothing is lost meanwhile. Web -> Persistence."""

    subscriber_id: int
    is_paused: bool

    def audit_text(self) -> AuditText:
        what = "paused a subscriber" if self.is_paused else "resumed a subscriber"
        return AuditText(what, f"subscriber {self.subscriber_id}")


@dataclass(frozen=True, slots=True)
class ReplayFeed(AwaitedCommand):
    """Deliver the events after an id once more. Web -> Persistence."""

    subscriber_id: int
    after: int

    def audit_text(self) -> AuditText:
        about = f"subscriber {self.subscriber_id}, after event {self.after}"
        return AuditText("replayed the feed", about)


@dataclass(frozen=True, slots=True)
class RetryFeedDelivery(AwaitedCommand):
    """Deliver an event that was set aside. Web -> Persistence."""

    delivery_id: int

    def audit_text(self) -> AuditText:
        return AuditText("retried a delivery", f"delivery {self.delivery_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFeedDelivery(Command):
    """Record an attempt to deliver an event. SubscriberActor -> Persistence."""

    subscriber_id: int
    after: int
    """The cursor from which the event was found; if it was moved since, it stays as it is."""
    event_id: int
    kind: FeedKind
    at: datetime
    attempts: int
    fault: str = ""
    """Empty if it arrived."""
    retry_at: datetime | None = None
    """None if there is no further attempt."""
    delivery_id: int | None = None
    """The delivery that is retried; None for the subscriber's next event."""
    is_gone: bool = False
    """Whether the subscriber asked to be sent no more."""


@dataclass(frozen=True, slots=True)
class SkipFeedEvents(Command):
    """Move a subscriber past events that it does not want. SubscriberActor -> Persistence."""

    subscriber_id: int
    after: int
    until: int
