from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from tests.simulation.result import Result

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
        """Return the counts and rates of so many seconds of real time."""
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        each = (f"{count} {name} ({count / seconds:.1f}/s)" for name, count in settings.items())
        return f"{', '.join(each)} in {seconds:.1f} s"


def report_failure(result: Result) -> Iterator[str]:
    """Return a report of a broken run: its settings, its script and its trace."""
    script = result.script
    yield f"seed {script.seed}"
    yield f"  settings: {_changed(script.settings)}"
    for happening in script.happenings:
        yield f"  {type(happening).__name__}: {_changed(happening)}"
    yield from (line for line in result.trace if not any(each in line for each in _ROUTINE))
    for broken in result.broken:
        yield f"broken: invariant {broken}"
        yield f"  {broken.invariant.sentence}"


def _changed(value: Any) -> str:
    named = ((field, getattr(value, field.name)) for field in fields(value))
    return ", ".join(
        f"{field.name}={getattr(given, 'psid', given)}"
        for field, given in named
        if given != field.default
    )
