from moca import clock
from tests.support.factory import at
from tests.support.system import SteppedSystem


class Mortal:
    """A system that dies, as by kill -9, after a given number of steps of its actors."""

    def __init__(self, system: SteppedSystem, dies_after: int) -> None:
        self.system = system
        self.dies_after = dies_after
        self.steps = 0

    def lives_until(self, seconds: float) -> None:
        """Advance to this many seconds after noon, dying and restarting on the way."""
        system = self.system
        while clock.now() < at(seconds):
            self._settle()
            due = system.timers.next_at
            system.frozen.move_to(min(due or at(seconds), at(seconds)))

    def _settle(self) -> None:
        while self.system.dispatcher.step() or self.system.timers.advance_to(clock.now()):
            self.steps += 1
            if self.steps == self.dies_after:
                self.dies()

    def dies(self) -> None:
        self.system.crash()
        self.system.start()
