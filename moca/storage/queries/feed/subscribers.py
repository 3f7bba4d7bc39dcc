from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.feed import FeedKind
from moca.core.subscribers import FeedDeliveryStatus, Subscriber
from moca.storage.db.feed_tables import FeedDelivery, StoredFeedEvent, StoredSubscriber
from moca.storage.db.rows import read_dicts
from moca.storage.queries.feed.events import EventList, FeedExpired, list_events


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDeliveryRecord:
    """An event that was delivered to a subscriber, or set aside for it."""

    id: int
    subscriber: int
    event_id: int
    kind: FeedKind
    at: datetime
    attempts: int
    status: FeedDeliveryStatus
    fault: str


def list_subscribers() -> tuple[Subscriber, ...]:
    """Return the subscribers, sorted by name."""
    query = StoredSubscriber.select().order_by(StoredSubscriber.name)
    return tuple(map(_subscriber, read_dicts(query)))


def read_subscriber(subscriber_id: int) -> Subscriber | None:
    """Return a subscriber by its id, or None."""
    row = StoredSubscriber.select().where(StoredSubscriber.id == subscriber_id).dicts().first()
    return None if row is None else _subscriber(row)


def due_subscribers(at: datetime) -> tuple[Subscriber, ...]:
    """Return the subscribers that are not paused and do not wait for their next attempt."""
    return tuple(
        each
        for each in list_subscribers()
        if not each.is_paused and (each.due_at is None or each.due_at <= at)
    )


def next_events(subscriber: Subscriber, limit: int) -> EventList:
    """Return a subscriber's next events; from the oldest kept if those after its cursor expired."""
    try:
        return list_events(after=subscriber.cursor, limit=limit, kinds=subscriber.kinds)
    except FeedExpired:
        return list_events(after=0, limit=limit, kinds=subscriber.kinds)


def queued_deliveries(subscriber: Subscriber, limit: int) -> Sequence[FeedDeliveryRecord]:
    """Return the events that are to be delivered to a subscriber once more, oldest first."""
    is_queued = (FeedDelivery.subscriber == subscriber.id) & (
        FeedDelivery.status == FeedDeliveryStatus.QUEUED
    )
    query = FeedDelivery.select().where(is_queued).order_by(FeedDelivery.id).limit(limit)
    return [_delivery(row) for row in read_dicts(query)]


def list_feed_deliveries(subscriber_id: int, limit: int) -> tuple[FeedDeliveryRecord, ...]:
    """Return a subscriber's latest deliveries, newest first, those that were set aside first."""
    of_it = FeedDelivery.select().where(FeedDelivery.subscriber == subscriber_id)
    order = (FeedDelivery.status == FeedDeliveryStatus.DELIVERED, FeedDelivery.id.desc())
    return tuple(_delivery(row) for row in read_dicts(of_it.order_by(*order).limit(limit)))


def count_waiting(subscriber: Subscriber) -> int:
    """Count the events after a subscriber's cursor that it wants."""
    is_wanted = StoredFeedEvent.id > subscriber.cursor
    if subscriber.kinds:
        is_wanted &= StoredFeedEvent.kind << subscriber.kinds
    return StoredFeedEvent.select().where(is_wanted).count()


def _subscriber(row: dict[str, Any]) -> Subscriber:
    return Subscriber(**{**row, "kinds": tuple(map(FeedKind, row["kinds"].split()))})


def _delivery(row: dict[str, Any]) -> FeedDeliveryRecord:
    return FeedDeliveryRecord(
        **{**row, "kind": FeedKind(row["kind"]), "status": FeedDeliveryStatus(row["status"])}
    )
