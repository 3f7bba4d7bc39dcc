from collections.abc import Callable
from dataclasses import fields, replace

from tests.simulation.figures import Figures
from tests.simulation.run import run
from tests.simulation.script import Script
from tests.simulation.simulation import Result


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
        self._number = _number(result)

    def leave_out(self) -> None:
        """Leave out happenings, many at a time and then one at a time."""
        size = max(1, len(self.best.script.happenings) // 2)
        while size and self._left > 0:
            if not self._leave_out_some(size):
                size //= 2

    def make_plain(self) -> None:
        """Give figures their usual values."""
        for field in fields(Figures):
            figures = replace(self.best.script.figures, **{field.name: field.default})
            if figures != self.best.script.figures:
                self._try(replace(self.best.script, figures=figures))

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
        if _number(result) != self._number:
            return False
        self.best = result
        return True


def _number(result: Result) -> str | None:
    """Tell which invariant broke first."""
    return result.broken[0].split(":")[0] if result.broken else None
