from collections.abc import Iterator

import pytest

from tests.hostile.door import Door


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The web and its writer, shared by a module's tests: earlier bodies must not matter."""
    door = Door(tmp_path_factory.mktemp("hostile"))
    yield door
    door.close()
