import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from moca.core.vocabulary import Outcome, Stage
from moca.storage.reads.journeys import JourneyRecord
from moca.storage.reads.records import StepRecord
from moca.web.waiting import Waiting, outcome_of

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
