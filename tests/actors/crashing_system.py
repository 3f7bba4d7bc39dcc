from moca import clock
from tests.support.factory import at
from tests.support.system import House


class Mortal:
    """A house that dies, as by kill -9, after so many steps of its actors."""

    def __init__(self, house: House, dies_after: int) -> None:
        self.house = house
        self.dies_after = dies_after
        self.steps = 0

    def lives_until(self, seconds: float) -> None:
        """Let time pass to so many seconds after noon, dying and starting again on the way."""
        house = self.house
        while clock.now() < at(seconds):
            self._settle()
            due = house.timers.next_at
            house.frozen.move_to(min(due or at(seconds), at(seconds)))

    def _settle(self) -> None:
        while self.house.dispatcher.step() or self.house.timers.advance_to(clock.now()):
            self.steps += 1
            if self.steps == self.dies_after:
                self.house.crash()
                self.house.start()
