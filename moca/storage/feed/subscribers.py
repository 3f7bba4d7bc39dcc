from collections.abc import Sequence

from peewee import fn

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.subscribers import (
    AddSubscriber,
    PauseSubscriber,
    RecordFeedDelivery,
    RemoveSubscriber,
    ReplayFeed,
    RetryFeedDelivery,
    SkipFeedEvents,
)
from moca.core.subscribers import MAX_SUBSCRIBERS, FeedDeliveryStatus
from moca.storage.db.feed_tables import FeedDelivery, StoredFeedEvent, StoredSubscriber
from moca.storage.db.fields import short, storable
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch

_KEPT = 1000
"""How many deliveries of a subscriber are kept, of those set aside and of the others."""


@handles(AddSubscriber)
def add_subscribers(batch: Batch, commands: Sequence[AddSubscriber]) -> None:
    """Store subscribers, each with a unique name; they get what is committed after this."""
    for command in commands:
        name = short(command.name)
        if StoredSubscriber.select().where(StoredSubscriber.name == name).exists():
            batch.answer(command.receipt, Conflict("this name is already taken"))
        elif StoredSubscriber.select().count() >= MAX_SUBSCRIBERS:
            full = f"there are {MAX_SUBSCRIBERS} subscribers already; remove one first"
            batch.answer(command.receipt, Conflict(full))
        else:
            subscriber_id = StoredSubscriber.insert(
                name=name,
                url=command.url,
                sealed_secret=command.sealed_secret,
                kinds=" ".join(command.kinds),
                has_texts=command.has_texts,
                cursor=StoredFeedEvent.select(fn.MAX(StoredFeedEvent.id)).scalar() or 0,
                created_at=command.at,
            ).execute()
            batch.answer(command.receipt, Done(subscriber_id))


@handles(RemoveSubscriber)
def remove_subscribers(batch: Batch, commands: Sequence[RemoveSubscriber]) -> None:
    """Delete subscribers with their deliveries."""
    for command in commands:
        is_it = StoredSubscriber.id == command.subscriber_id
        removed = StoredSubscriber.delete().where(is_it).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())


@handles(PauseSubscriber)
def pause_subscribers(batch: Batch, commands: Sequence[PauseSubscriber]) -> None:
    """Pause subscribers, or resume them, which tries again at once."""
    for command in commands:
        _change(batch, command, is_paused=command.is_paused, due_at=None, attempts=0, fault="")


@handles(ReplayFeed)
def replay_feeds(batch: Batch, commands: Sequence[ReplayFeed]) -> None:
    """Move subscribers to an earlier or later event."""
    for command in commands:
        _change(batch, command, cursor=command.after, due_at=None, attempts=0, fault="")


def _change(batch: Batch, command: PauseSubscriber | ReplayFeed, **values: object) -> None:
    changed = StoredSubscriber.update(**values)
    is_it = StoredSubscriber.id == command.subscriber_id
    batch.answer(command.receipt, Done() if changed.where(is_it).execute() else NotFound())


@handles(RetryFeedDelivery)
def retry_deliveries(batch: Batch, commands: Sequence[RetryFeedDelivery]) -> None:
    """Queue events that were set aside."""
    for command in commands:
        is_it = (FeedDelivery.id == command.delivery_id) & (
            FeedDelivery.status == FeedDeliveryStatus.FAILED
        )
        queued = FeedDelivery.update(status=FeedDeliveryStatus.QUEUED).where(is_it).execute()
        batch.answer(command.receipt, Done() if queued else NotFound())


@handles(RecordFeedDelivery)
def record_deliveries(_batch: Batch, commands: Sequence[RecordFeedDelivery]) -> None:
    """Record attempts; those of removed subscribers, or from a moved cursor, change nothing."""
    for command in commands:
        status = FeedDeliveryStatus.FAILED if command.fault else FeedDeliveryStatus.DELIVERED
        result = {
            "at": command.at,
            "attempts": command.attempts,
            "status": status,
            "fault": storable(command.fault),
        }
        if command.delivery_id is not None:
            is_it = FeedDelivery.id == command.delivery_id
            FeedDelivery.update(**result).where(is_it).execute()
        elif _moved(command) and command.retry_at is None and not command.is_gone:
            FeedDelivery.create(
                subscriber=command.subscriber_id,
                event_id=command.event_id,
                kind=command.kind,
                **result,
            )
            _trim(command.subscriber_id, status)


def _moved(command: RecordFeedDelivery) -> bool:
    """Move a subscriber on, or note when to try again; return False if nothing was changed."""
    values: dict[str, object] = {"attempts": 0, "due_at": None, "cursor": command.event_id}
    if command.is_gone:
        values = {"attempts": command.attempts, "due_at": None, "is_paused": True}
    elif command.retry_at is not None:
        values = {"attempts": command.attempts, "due_at": command.retry_at}
    is_it = (StoredSubscriber.id == command.subscriber_id) & (
        StoredSubscriber.cursor == command.after
    )
    changed = StoredSubscriber.update(**values, fault=storable(command.fault))
    return bool(changed.where(is_it).execute())


def _trim(subscriber_id: int, status: str) -> None:
    alike = (FeedDelivery.subscriber == subscriber_id) & (FeedDelivery.status == status)
    query = FeedDelivery.select(FeedDelivery.id).where(alike).order_by(FeedDelivery.id.desc())
    oldest_kept = query.offset(_KEPT - 1).limit(1).scalar()
    if oldest_kept is not None:
        FeedDelivery.delete().where(alike & (FeedDelivery.id < oldest_kept)).execute()


@handles(SkipFeedEvents)
def skip_events(_batch: Batch, commands: Sequence[SkipFeedEvents]) -> None:
    """Move subscribers past events that they do not want."""
    for command in commands:
        is_it = (StoredSubscriber.id == command.subscriber_id) & (
            StoredSubscriber.cursor == command.after
        )
        StoredSubscriber.update(cursor=command.until).where(is_it).execute()
