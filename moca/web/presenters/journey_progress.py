import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from moca.core.types import ItemStatus, Outcome, Stage
from moca.storage.queries.journeys import JourneyRecord
from moca.storage.queries.queue_forecast import COUNTED, PlaceInLine
from moca.storage.queries.records import QueueItemRecord, StepRecord
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


_LINE: tuple[tuple[str, str, frozenset[Stage]], ...] = (
    ("reception", "Received", frozenset({Stage.RECEPTION})),
    ("storage", "Stored", frozenset({Stage.STORAGE})),
    ("deduplication", "Checked for repeats", frozenset({Stage.DEDUPLICATION})),
    (
        "debounce",
        "Gathered",
        frozenset({Stage.DEBOUNCE, Stage.COOLDOWN, Stage.STATE, Stage.HOURS}),
    ),
    ("generation", "Reply written", frozenset({Stage.GENERATION})),
    ("queue", "Queued", frozenset({Stage.QUEUE})),
    ("sending", "Sent", frozenset({Stage.SENDING, Stage.SETTLING})),
    ("delivery", "Delivered", frozenset({Stage.DELIVERY})),
)
_LONG_WORD = re.compile(r"(\S{12})\S{20,}")
_DEDUPLICATION, _DEBOUNCE, _SENDING, _DELIVERY = 2, 3, 6, 7


class StationState(StrEnum):
    """How far a journey is, seen from one station."""

    PASSED = "passed"
    HERE = "here"
    STOPPED = "stopped"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One of the eight stations of a message's journey, for a page to light up."""

    key: str
    title: str
    state: StationState
    at: datetime | None = None
    after: timedelta | None = None
    """From the first step of the journey to this one."""
    text: str = ""


def line_ahead() -> tuple[Station, ...]:
    """Draw the line for a message not written yet."""
    return tuple(Station(key=key, title=title, state=StationState.AHEAD) for key, title, _ in _LINE)


def stations_of(journey: JourneyRecord, waiting: Waiting | None) -> tuple[Station, ...]:
    """Draw the line from reception to delivery with what has been reached of it."""
    here = _standing(journey, waiting)
    return tuple(_station(index, here, journey, waiting) for index in range(len(_LINE)))


def _station(index: int, here: int, journey: JourneyRecord, waiting: Waiting | None) -> Station:
    key, title, stages = _LINE[index]
    steps = [step for step in journey.steps if step.stage in stages]
    state = _state(index, here, journey, waiting)
    at = steps[-1].at if steps else None
    return Station(
        key=key,
        title=title,
        state=state,
        at=at,
        after=None if at is None else at - journey.steps[0].at,
        text=brief(_text(state, steps, journey, waiting)),
    )


def _state(index: int, here: int, journey: JourneyRecord, waiting: Waiting | None) -> StationState:
    if index > here:
        return StationState.AHEAD
    if index < here:
        return StationState.PASSED
    if waiting is not None:
        return StationState.HERE
    return StationState.PASSED if _went_well(journey) else StationState.STOPPED


def _standing(journey: JourneyRecord, waiting: Waiting | None) -> int:
    reached = max((_index(step.stage) for step in journey.steps), default=0)
    if waiting is not None:
        return _index(waiting.stage)
    if _went_well(journey):
        echoed = journey.item is not None and journey.item.echoed_at is not None
        return _DELIVERY if echoed else max(reached, _SENDING)
    if journey.message.outcome is Outcome.DUPLICATE:
        return _DEDUPLICATION
    return max(reached, _DEBOUNCE)


def _index(stage: Stage) -> int:
    return next((index for index, (_, _, stages) in enumerate(_LINE) if stage in stages), 0)


def _went_well(journey: JourneyRecord) -> bool:
    return outcome_of(journey) in {"answered", "sent"}


def brief(text: str) -> str:
    """Shorten Instagram's long ids within a text, so that a person can read it."""
    return _LONG_WORD.sub(r"\1…", text)


def _text(
    state: StationState,
    steps: list[StepRecord],
    journey: JourneyRecord,
    waiting: Waiting | None,
) -> str:
    if state is StationState.HERE and waiting is not None:
        return waiting.because
    if state is StationState.STOPPED:
        return journey.message.because or (steps[-1].detail if steps else "")
    return (steps[-1].detail or steps[-1].outcome) if steps else ""
