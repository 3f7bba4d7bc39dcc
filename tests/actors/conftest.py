import pytest

from tests.support.factory import NOON
from tests.support.frozen_time import frozen_at
from tests.support.system import SteppedSystem


@pytest.fixture
def frozen():
    """The clock, frozen at noon until a test moves it."""
    with frozen_at(NOON) as frozen:
        yield frozen


@pytest.fixture
def open_system(tmp_path, frozen):
    """Create systems with the policies of a test; they stop in order afterwards."""
    systems = []

    def open_one(**policies) -> SteppedSystem:
        system = SteppedSystem(tmp_path, frozen, **policies)
        systems.append(system)
        return system

    yield open_one
    for system in systems:
        system.stop()


@pytest.fixture
def system(open_system) -> SteppedSystem:
    return open_system()
