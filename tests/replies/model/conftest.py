from collections.abc import Iterator

import pytest

from tests.replies.model.model_server import ModelServer
from tests.replies.model.protocols import ANTHROPIC, OPENAI, Protocol


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture(params=[OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
def protocol(request: pytest.FixtureRequest) -> Protocol:
    found: Protocol = request.param
    return found
