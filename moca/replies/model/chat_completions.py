import json
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from moca.replies.model.completion import (
    TOOL,
    TOOL_DESCRIPTION,
    TOOL_PARAMETERS,
    Completion,
    ModelRequest,
    StopReason,
    reason_of,
)
from moca.replies.model.endpoint import ModelEndpoint, unreadable
from moca.replies.model.options import ModelOptions

_OWN_URL = "https://api.openai.com/v1"
_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": TOOL,
            "description": TOOL_DESCRIPTION,
            "parameters": TOOL_PARAMETERS,
        },
    }
]


class _Function(BaseModel):
    name: str
    arguments: Any = None


class _Call(BaseModel):
    function: _Function


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Answer(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]


class ChatCompletions:
    """A client of OpenAI's Chat Completions API, which most model servers speak."""

    def __init__(self, options: ModelOptions) -> None:
        # OpenAI's newer models refuse the older name; many compatible servers know only that one.
        limit = "max_tokens" if options.url else "max_completion_tokens"
        self._fixed: dict[str, Any] = {"model": options.model, limit: options.max_tokens}
        url = options.url or _OWN_URL
        self._endpoint = ModelEndpoint(url, options.api_key, options.timeout_seconds)

    def complete(self, question: ModelRequest) -> Completion:
        """Call the model and wait for the answer.

        Raises:
            ModelFault: If there is no usable answer.
        """
        document = self._fixed | _request_fields(question)
        return _read(self._endpoint.post("/chat/completions", document))


def _request_fields(question: ModelRequest) -> dict[str, Any]:
    turns = [{"role": turn.role.value, "content": turn.text} for turn in question.turns]
    messages = [{"role": "system", "content": question.system}, *turns]
    return {"messages": messages, **({"tools": _TOOLS} if question.may_hand_over else {})}


def _read(body: bytes) -> Completion:
    try:
        choice = _Answer.model_validate_json(body).choices[0]
    except ValidationError:
        raise unreadable() from None
    message = choice.message
    return Completion(
        text=message.content or "",
        wants_person=_wants_person(message.tool_calls or ()),
        is_refusal=bool(message.refusal) or choice.finish_reason == "content_filter",
        is_cut=choice.finish_reason == "length",
    )


def _wants_person(calls: Iterable[_Call]) -> StopReason | None:
    for call in calls:
        if call.function.name == TOOL:
            return reason_of(_arguments(call.function.arguments))
    return None


def _arguments(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
