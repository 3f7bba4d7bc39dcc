from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from tests.simulation.oracle.invariants import Invariant
from tests.simulation.result import Result
from tests.simulation.run import run
from tests.simulation.worlds.script import Script
from tests.simulation.worlds.settings import WorldSettings


def shrink(
    result: Result,
    most_runs: int = 400,
    play: Callable[[Script], Result] = run,
) -> Result:
    """Leave out of a broken run whatever it breaks without; gives the shortest found."""
    shrinking = _Shrinking(result, most_runs, play)
    shrinking.leave_out()
    shrinking.make_plain()
    shrinking.leave_out()
    return shrinking.best


class _Shrinking:
    def __init__(self, result: Result, most_runs: int, play: Callable[[Script], Result]) -> None:
        self.best = result
        self._left = most_runs
        self._play = play
        self._invariant = _first_broken(result)

    def leave_out(self) -> None:
        """Leave out happenings, many at a time and then one at a time."""
        size = max(1, len(self.best.script.happenings) // 2)
        while size and self._left > 0:
            if not self._leave_out_some(size):
                size //= 2

    def make_plain(self) -> None:
        """Reset settings to their defaults, one after another."""
        for field in fields(WorldSettings):
            default: dict[str, Any] = {field.name: field.default}
            settings = replace(self.best.script.settings, **default)
            if settings != self.best.script.settings:
                self._try(replace(self.best.script, settings=settings))

    def _leave_out_some(self, size: int) -> bool:
        start, shorter = 0, False
        while start < len(self.best.script.happenings) and self._left > 0:
            kept = self.best.script.happenings
            kept = kept[:start] + kept[start + size :]
            if self._try(replace(self.best.script, happenings=kept)):
                shorter = True
            else:
                start += size
        return shorter

    def _try(self, script: Script) -> bool:
        self._left -= 1
        result = self._play(script)
        if _first_broken(result) is not self._invariant:
            return False
        self.best = result
        return True


def _first_broken(result: Result) -> Invariant | None:
    return result.broken[0].invariant if result.broken else None
