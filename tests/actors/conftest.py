from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.support.factory import NOON
from tests.support.frozen_time import frozen_at
from tests.support.system import SteppedSystem


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    """The clock, frozen at noon until a test moves it."""
    with frozen_at(NOON) as frozen:
        yield frozen


@pytest.fixture
def open_system(
    tmp_path: Path, frozen: FrozenDateTimeFactory
) -> Iterator[Callable[..., SteppedSystem]]:
    """Create systems with the policies of a test; they stop in order afterwards."""
    systems = []

    def open_one(**policies: Any) -> SteppedSystem:
        system = SteppedSystem(tmp_path, frozen, **policies)
        systems.append(system)
        return system

    yield open_one
    for system in systems:
        system.stop()


@pytest.fixture
def system(open_system: Callable[..., SteppedSystem]) -> SteppedSystem:
    return open_system()
