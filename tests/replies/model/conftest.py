import pytest

from tests.replies.model.model_server import ModelServer
from tests.replies.model.protocols import ANTHROPIC, OPENAI


@pytest.fixture
def server():
    with ModelServer() as server:
        yield server


@pytest.fixture(params=[OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
def protocol(request):
    return request.param
