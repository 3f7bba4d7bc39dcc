import pytest

from tests.hostile.door import Door


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """The web and its writer, shared by a module's tests: nothing that came before may matter."""
    door = Door(tmp_path_factory.mktemp("hostile"))
    yield door
    door.close()
