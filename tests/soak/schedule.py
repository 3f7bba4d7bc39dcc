"""When each fault begins and ends: a pure draw, so that a seed repeats it."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

FIRST_AT = 8.0
"""Seconds from the start during which nothing is broken, as in the last `CALM_SECONDS`."""
CALM_SECONDS = 15.0
_MEAN_GAP_SECONDS = 7.0
_ONCE_BETWEEN = (0.05, 0.2)


@dataclass(frozen=True, slots=True)
class FaultKind:
    """How often a fault comes, how long it lasts, and what it may not share with another."""

    name: str
    weight: int
    seconds: tuple[float, float]
    touches: frozenset[str]
    is_once: bool = False
    """Comes once in each run, instead of by its weight."""


@dataclass(frozen=True, slots=True)
class DrawnFault:
    """A fault of a run. `chance`, from 0 to 1, decides what else is to be drawn about it."""

    kind: FaultKind
    begins_at: float
    ends_at: float
    chance: float

    def clashes_with(self, other: "DrawnFault") -> bool:
        """Return whether both touch the same thing at the same time."""
        is_meanwhile = self.begins_at <= other.ends_at and other.begins_at <= self.ends_at
        return is_meanwhile and bool(self.kind.touches & other.kind.touches)


@dataclass(frozen=True, slots=True)
class Turn:
    """The beginning or the end of a fault."""

    at: float
    fault: DrawnFault
    is_begin: bool


def draw_faults(seed: int, minutes: float, kinds: Sequence[FaultKind]) -> list[DrawnFault]:
    """Draw the faults of a run, in the order in which they begin."""
    draw, last_at = Random(seed), minutes * 60 - CALM_SECONDS
    drawn: list[DrawnFault] = []
    for kind in kinds:
        if kind.is_once:
            _add(drawn, _draw_one(draw, kind, draw.uniform(*_ONCE_BETWEEN) * last_at))
    weighed = [kind for kind in kinds if not kind.is_once]
    at = FIRST_AT
    while weighed and at < last_at:
        (kind,) = draw.choices(weighed, [each.weight for each in weighed])
        fault = _draw_one(draw, kind, at)
        if fault.ends_at < last_at:
            _add(drawn, fault)
        at += draw.expovariate(1 / _MEAN_GAP_SECONDS)
    return sorted(drawn, key=lambda each: each.begins_at)


def turns_of(faults: Sequence[DrawnFault]) -> list[Turn]:
    """Return when each fault begins and ends, in order."""
    turns = [
        Turn(at, each, is_begin)
        for each in faults
        for at, is_begin in ((each.begins_at, True), (each.ends_at, False))
    ]
    return sorted(turns, key=lambda each: each.at)


def _draw_one(draw: Random, kind: FaultKind, at: float) -> DrawnFault:
    seconds, chance = draw.uniform(*kind.seconds), draw.random()
    return DrawnFault(kind, at, at + seconds, chance)


def _add(drawn: list[DrawnFault], fault: DrawnFault) -> None:
    if not any(fault.clashes_with(other) for other in drawn):
        drawn.append(fault)
