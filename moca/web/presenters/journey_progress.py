import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from moca.core.types import ItemStatus, Outcome, Stage
from moca.storage.queries.journeys import JourneyRecord
from moca.storage.queries.queue_forecast import COUNTED, QueuePosition
from moca.storage.queries.records import QueueItemRecord, StepRecord
from moca.web.config import WebConfig

_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class JourneyWait:
    """What a message on its journey waits for; `until` is None if there is no deadline."""

    stage: Stage
    because: str
    until: datetime | None = None


def waits_for(
    journey: JourneyRecord, at: datetime, config: WebConfig, place: QueuePosition | None = None
) -> JourneyWait | None:
    """Return what a message waits for at an instant; None once its journey has ended.

    With the position of its reply in the queue, it includes how many are ahead and for how long.
    """
    if outcome_of(journey) is not None:
        return None
    if journey.item is not None:
        if journey.frozen_since is not None and journey.item.status is ItemStatus.PENDING:
            return JourneyWait(Stage.QUEUE, "sending is paused")
        return _sending(journey.item, journey.contact_called_at, at, config, place)
    return _gathering(journey, at, config)


def outcome_of(journey: JourneyRecord) -> str | None:
    """Return how the journey ended: a message's outcome or a reply's last status; None if open."""
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
    place: QueuePosition | None,
) -> JourneyWait:
    if item.status is ItemStatus.HELD:
        because = "waiting for a teammate's approval" if item.release_at is None else "held"
        return JourneyWait(Stage.QUEUE, because, item.release_at)
    if item.status is ItemStatus.PENDING:
        return _queued(item, called_at, at, config, place)
    if item.status is ItemStatus.SENDING:
        return JourneyWait(Stage.SENDING, "sending the reply")
    if item.status is ItemStatus.UNKNOWN:
        return JourneyWait(Stage.SETTLING, "checking whether the reply was delivered")
    return JourneyWait(Stage.SENDING, f"the reply is {item.status}")


def _queued(
    item: QueueItemRecord,
    called_at: datetime | None,
    at: datetime,
    config: WebConfig,
    place: QueuePosition | None,
) -> JourneyWait:
    if item.scheduled_for > at:
        return JourneyWait(Stage.QUEUE, "scheduled for later", item.scheduled_for)
    if place is not None and place.account_problem:
        return JourneyWait(Stage.QUEUE, f"the account cannot send: {place.account_problem}")
    if place is not None and place.rests_until is not None:
        return JourneyWait(Stage.QUEUE, "the account is rate limited", place.rests_until)
    free_at = at if called_at is None else called_at + config.user_cooldown
    if free_at > at:
        because = f"one reply per contact every {config.user_cooldown.total_seconds():g} s"
        return JourneyWait(Stage.QUEUE, because, free_at)
    if place is None:
        return JourneyWait(Stage.QUEUE, "waiting for its turn")
    return JourneyWait(Stage.QUEUE, in_line(place.ahead, config.per_second))


def in_line(ahead: int, per_second: float) -> str:
    """Format a position, such as "3rd in line, 2 ahead, about 1 s"."""
    if not ahead:
        return "next in line"
    more = " or more" if ahead >= COUNTED else ""
    about = max(1, round(ahead / per_second))
    return f"{_nth(ahead + 1)} in line, {ahead:,} ahead{more}, about {about:,} s"


def _nth(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number:,}th"
    return f"{number:,}{_ENDINGS.get(number % 10, 'th')}"


def _gathering(journey: JourneyRecord, at: datetime, config: WebConfig) -> JourneyWait:
    last = journey.steps[-1] if journey.steps else None
    if last is not None and last.stage is Stage.GENERATION:
        return JourneyWait(Stage.GENERATION, "writing the reply")
    if last is not None and last.stage in {Stage.STATE, Stage.HOURS}:
        return JourneyWait(last.stage, last.detail or last.outcome)
    if journey.replies_under_way:
        return JourneyWait(Stage.COOLDOWN, "waiting for the previous reply to go out")
    cooldown_until = journey.cooldown_until
    if cooldown_until is not None and cooldown_until > at:
        return JourneyWait(Stage.COOLDOWN, "cooldown after the last reply", cooldown_until)
    debounce = config.policy_of(journey.message.contact.account_id).debounce
    gathered_at = (journey.gathering_since or journey.message.created_at) + debounce
    if gathered_at > at:
        return JourneyWait(Stage.DEBOUNCE, "waiting for more messages", gathered_at)
    return JourneyWait(Stage.GENERATION, "starting the reply")


_STEPS: tuple[tuple[str, str, frozenset[Stage]], ...] = (
    ("reception", "Received", frozenset({Stage.RECEPTION})),
    ("storage", "Stored", frozenset({Stage.STORAGE})),
    ("deduplication", "Checked for duplicates", frozenset({Stage.DEDUPLICATION})),
    (
        "debounce",
        "Waited for more",
        frozenset({Stage.DEBOUNCE, Stage.COOLDOWN, Stage.STATE, Stage.HOURS}),
    ),
    ("generation", "Reply written", frozenset({Stage.GENERATION})),
    ("queue", "Queued", frozenset({Stage.QUEUE})),
    ("sending", "Sent", frozenset({Stage.SENDING, Stage.SETTLING})),
    ("delivery", "Delivered", frozenset({Stage.DELIVERY})),
)
_LONG_WORD = re.compile(r"(\S{12})\S{20,}")
_DEDUPLICATION, _DEBOUNCE, _SENDING, _DELIVERY = 2, 3, 6, 7


class ProgressState(StrEnum):
    """The state of a journey at one step."""

    PASSED = "passed"
    HERE = "here"
    STOPPED = "stopped"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressStep:
    """One of the eight steps of a message's journey, for display."""

    key: str
    title: str
    state: ProgressState
    at: datetime | None = None
    after: timedelta | None = None
    """From the first step of the journey to this one."""
    text: str = ""


def steps_ahead() -> tuple[ProgressStep, ...]:
    """Return the steps of a message not written yet."""
    return tuple(
        ProgressStep(key=key, title=title, state=ProgressState.AHEAD) for key, title, _ in _STEPS
    )


def progress_of(journey: JourneyRecord, waiting: JourneyWait | None) -> tuple[ProgressStep, ...]:
    """Return the steps from reception to delivery, with those reached."""
    here = _current_index(journey, waiting)
    return tuple(_progress_step(index, here, journey, waiting) for index in range(len(_STEPS)))


def is_condensed(journey: JourneyRecord) -> bool:
    """Return whether the routine steps of an answered message are no longer kept."""
    is_stored = any(step.stage is Stage.STORAGE for step in journey.steps)
    return outcome_of(journey) == "answered" and not is_stored


def _progress_step(
    index: int, here: int, journey: JourneyRecord, waiting: JourneyWait | None
) -> ProgressStep:
    key, title, stages = _STEPS[index]
    steps = [step for step in journey.steps if step.stage in stages]
    state = _state(index, here, journey, waiting)
    at = steps[-1].at if steps else None
    return ProgressStep(
        key=key,
        title=title,
        state=state,
        at=at,
        after=None if at is None else at - journey.steps[0].at,
        text=brief(_text(state, steps, journey, waiting)),
    )


def _state(
    index: int, here: int, journey: JourneyRecord, waiting: JourneyWait | None
) -> ProgressState:
    if index > here:
        return ProgressState.AHEAD
    if index < here:
        return ProgressState.PASSED
    if waiting is not None:
        return ProgressState.HERE
    return ProgressState.PASSED if _went_well(journey) else ProgressState.STOPPED


def _current_index(journey: JourneyRecord, waiting: JourneyWait | None) -> int:
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
    return next((index for index, (_, _, stages) in enumerate(_STEPS) if stage in stages), 0)


def _went_well(journey: JourneyRecord) -> bool:
    return outcome_of(journey) in {"answered", "sent"}


def brief(text: str) -> str:
    """Shorten Instagram's long ids within a text for readability."""
    return _LONG_WORD.sub(r"\1…", text)


def _text(
    state: ProgressState,
    steps: list[StepRecord],
    journey: JourneyRecord,
    waiting: JourneyWait | None,
) -> str:
    if state is ProgressState.HERE and waiting is not None:
        return waiting.because
    if state is ProgressState.STOPPED:
        return journey.message.because or (steps[-1].detail if steps else "")
    return (steps[-1].detail or steps[-1].outcome) if steps else ""
