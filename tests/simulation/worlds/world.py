from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from moca.core.types import ContactKey
from tests.simulation.worlds.script import Writes
from tests.simulation.worlds.settings import WorldSettings

Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class World:
    """What all that happens in a run is drawn for."""

    chance: Random
    settings: WorldSettings
    contacts: tuple[ContactKey, ...]
    length: float
    """For how many seconds people act."""
    has_all_kinds: bool = True
    """Whether there is more than people who write words."""
    writes: list[Writes] = field(default_factory=list)
    """What people write, once that is drawn."""

    def instant(self, since: float = 0, until: float = 0) -> float:
        """Draw when something happens, up to so much later than people act."""
        return round(self.chance.uniform(since, self.length + until), 3)

    def one_of(self, *choices: Drawn) -> Drawn:
        return self.chance.choice(choices)

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def delays(self) -> tuple[float, ...]:
        """Draw after how long each delivery of a webhook comes."""
        first = self.one_of(0.1, 0.2, 0.2, 0.5, 0.5, 2, 12)
        again = self.one_of(0, 0, 0, 0, 1, 2)
        return (first, *(first + self.one_of(0, 0.1, 1, 6, 40) for _ in range(again)))
