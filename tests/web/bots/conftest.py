import pytest


@pytest.fixture(autouse=True)
def _written(written: None) -> None:
    pass
