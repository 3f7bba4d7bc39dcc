from dataclasses import dataclass, replace

from tests.simulation.oracle.invariants import Broken
from tests.simulation.worlds.script import Script


@dataclass(frozen=True)
class Result:
    """What became of a run."""

    script: Script
    broken: tuple[Broken, ...]
    trace: tuple[str, ...]
    hash: str
    messages: int
    crashes: int
    faults: int
    steps: int
    seconds: float

    def without_trace(self) -> "Result":
        return replace(self, trace=())
