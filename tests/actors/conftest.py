import freezegun
import pytest

from tests.support.factory import NOON
from tests.support.system import House


@pytest.fixture
def frozen():
    """The clock, standing at noon until a test moves it."""
    with freezegun.freeze_time(NOON) as frozen:
        yield frozen


@pytest.fixture
def open_house(tmp_path, frozen):
    """Make a whole system with the policies of a test; stopped in order afterwards."""
    houses = []

    def open_one(**policies) -> House:
        house = House(tmp_path, frozen, **policies)
        houses.append(house)
        return house

    yield open_one
    for house in houses:
        house.stop()


@pytest.fixture
def house(open_house) -> House:
    return open_house()
