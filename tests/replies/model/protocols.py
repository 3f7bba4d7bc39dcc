"""The two protocols of model servers, and what both answer."""

from collections.abc import Callable
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.types import MadeBy
from moca.replies.chain import GeneratorChain
from moca.replies.generator import GeneratedReply, GenerationError, ReplyRequest
from moca.replies.registry import make_generator
from moca.settings.sections import Settings
from tests.replies.model.model_server import KEY, chat, message
from tests.replies.requests import asked

SECRET = "what the contact wrote"
MODEL = {"url": "", "api_key": KEY, "model": "small-1", "timeout_seconds": 5}

BY_MODEL = MadeBy("model", is_ai=True)
HELLO = GeneratedReply(Content(text="Hello"), "model: small-1", made_by=BY_MODEL)


class Protocol:
    """The API of one provider."""

    def __init__(self, provider: str, path: str, answer: Callable[..., dict[str, Any]]) -> None:
        self.provider = provider
        self.path = path
        self.answer = answer

    def generator(self, url: str, **model: bool | float | str) -> GeneratorChain:
        base = f"{url}/v1" if self.provider == "openai" else url
        table = MODEL | {"provider": self.provider, "url": base} | model
        settings = Settings.model_validate({"replies": {"generator": "model", "model": table}})
        return make_generator(settings.replies.chain, settings.replies.tables)


OPENAI = Protocol("openai", "/v1/chat/completions", chat)
ANTHROPIC = Protocol("anthropic", "/v1/messages", message)


def fault(generator: GeneratorChain, request: ReplyRequest | None = None) -> str:
    with pytest.raises(GenerationError) as raised:
        generator.reply(request or asked(SECRET))
    told = f"{raised.value!r} {raised.value.__cause__!r}"
    assert SECRET not in told
    assert KEY not in told
    return str(raised.value).removeprefix("model: ")
