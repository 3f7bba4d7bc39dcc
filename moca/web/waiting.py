from dataclasses import dataclass
from datetime import datetime

from moca.core.vocabulary import ItemStatus, Stage
from moca.storage.reads.journeys import JourneyRecord
from moca.storage.reads.places import COUNTED, PlaceInLine
from moca.storage.reads.records import QueueItemRecord
from moca.web.config import WebConfig

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a message on its journey waits for; `until` is None where no clock decides."""

    stage: Stage
    because: str
    until: datetime | None = None


def waits_for(
    journey: JourneyRecord, at: datetime, config: WebConfig, place: PlaceInLine | None = None
) -> Waiting | None:
    """Say what a message waits for at an instant; None once its journey has ended.

    With the place of its reply in the queue it says how many are ahead, and about how long.
    """
    if outcome_of(journey) is not None:
        return None
    if journey.item is not None:
        if journey.frozen_since is not None and journey.item.status is ItemStatus.PENDING:
            return Waiting(Stage.QUEUE, "frozen by the operator")
        return _sending(journey.item, journey.contact_called_at, at, config, place)
    return _gathering(journey, at, config)


def outcome_of(journey: JourneyRecord) -> str | None:
    """How the journey ended: a message's outcome, or a reply's last status; None while open."""
    if journey.message.outcome is not None:
        return journey.message.outcome
    ended = (ItemStatus.SENT, ItemStatus.FAILED, ItemStatus.CANCELLED)
    if journey.reply is None or journey.reply.id != journey.message.id:
        return None
    status = journey.message.status
    return status if journey.item is None or journey.item.status in ended else None


def _sending(
    item: QueueItemRecord,
    called_at: datetime | None,
    at: datetime,
    config: WebConfig,
    place: PlaceInLine | None,
) -> Waiting:
    if item.status is ItemStatus.PENDING:
        return _queued(item, called_at, at, config, place)
    if item.status is ItemStatus.SENDING:
        return Waiting(Stage.SENDING, "the reply is being sent")
    if item.status is ItemStatus.UNKNOWN:
        return Waiting(Stage.SETTLING, "whether the reply arrived is being found out")
    return Waiting(Stage.SENDING, f"the reply is {item.status}")


def _queued(
    item: QueueItemRecord,
    called_at: datetime | None,
    at: datetime,
    config: WebConfig,
    place: PlaceInLine | None,
) -> Waiting:
    if item.scheduled_for > at:
        return Waiting(Stage.QUEUE, "the reply is scheduled for later", item.scheduled_for)
    if place is not None and place.rests_until is not None:
        return Waiting(Stage.QUEUE, "Instagram asked this account to wait", place.rests_until)
    free_at = at if called_at is None else called_at + config.user_cooldown
    if free_at > at:
        because = f"one reply to a person in {config.user_cooldown.total_seconds():g} s"
        return Waiting(Stage.QUEUE, because, free_at)
    if place is None:
        return Waiting(Stage.QUEUE, "the reply waits for its turn")
    return Waiting(Stage.QUEUE, in_line(place.ahead, config.per_second))


def in_line(ahead: int, per_second: float) -> str:
    """Tell a place in line, as "3rd in line, 2 ahead, about 1 s"."""
    if not ahead:
        return "next in line"
    more = " or more" if ahead >= COUNTED else ""
    about = max(1, round(ahead / per_second))
    return f"{_nth(ahead + 1)} in line, {ahead:,} ahead{more}, about {about:,} s"


def _nth(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number:,}th"
    return f"{number:,}{_ENDINGS.get(number % 10, 'th')}"


def _gathering(journey: JourneyRecord, at: datetime, config: WebConfig) -> Waiting:
    last = journey.steps[-1] if journey.steps else None
    if last is not None and last.stage is Stage.GENERATION:
        return Waiting(Stage.GENERATION, "the reply is being written")
    if last is not None and last.stage in {Stage.STATE, Stage.HOURS}:
        return Waiting(last.stage, last.detail or last.outcome)
    if journey.replies_under_way:
        return Waiting(Stage.COOLDOWN, "the reply before it is on its way")
    cooldown_until = journey.cooldown_until
    if cooldown_until is not None and cooldown_until > at:
        return Waiting(Stage.COOLDOWN, "the cooldown after the last reply", cooldown_until)
    gathered_at = (journey.gathering_since or journey.message.created_at) + config.debounce
    if gathered_at > at:
        return Waiting(Stage.DEBOUNCE, "more messages may follow", gathered_at)
    return Waiting(Stage.GENERATION, "its turn comes now")
