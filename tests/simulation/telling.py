from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from tests.simulation.simulation import Result

_ROUTINE = ("UnansweredFound", "PendingFound", "ConversationIdle", "MessagesEnded")


@dataclass
class Tally:
    """What many runs came to."""

    seeds: int = 0
    messages: int = 0
    crashes: int = 0
    faults: int = 0
    steps: int = 0

    def add(self, result: Result) -> None:
        self.seeds += 1
        self.messages += result.messages
        self.crashes += result.crashes
        self.faults += result.faults
        self.steps += result.steps

    def told(self, seconds: float) -> str:
        """Say the figures of so many seconds of real time."""
        figures = {field.name: getattr(self, field.name) for field in fields(self)}
        each = (f"{count} {name} ({count / seconds:.1f}/s)" for name, count in figures.items())
        return f"{', '.join(each)} in {seconds:.1f} s"


def tell_failure(result: Result) -> Iterator[str]:
    """Say how a run broke: what was set, what happened, and the trace of it."""
    script = result.script
    yield f"seed {script.seed}"
    yield f"  figures: {_changed(script.figures)}"
    for happening in script.happenings:
        yield f"  {type(happening).__name__}: {_changed(happening)}"
    yield from (line for line in result.trace if not any(each in line for each in _ROUTINE))
    for broken in result.broken:
        yield f"broken: invariant {broken}"


def _changed(value: Any) -> str:
    named = ((field, getattr(value, field.name)) for field in fields(value))
    return ", ".join(
        f"{field.name}={getattr(given, 'psid', given)}"
        for field, given in named
        if given != field.default
    )
