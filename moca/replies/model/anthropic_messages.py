from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from moca.replies.model.completion import (
    TOOL,
    TOOL_DESCRIPTION,
    TOOL_PARAMETERS,
    Completion,
    ModelRequest,
    StopReason,
    joined,
    reason_of,
)
from moca.replies.model.endpoint import ModelEndpoint, unreadable
from moca.replies.model.options import ModelOptions

_OWN_URL = "https://api.anthropic.com"
_VERSION = "2026-10-21"
_TOOLS = [{"name": TOOL, "description": TOOL_DESCRIPTION, "input_schema": TOOL_PARAMETERS}]


class _Block(BaseModel):
    type: str
    text: str = ""
    name: str = ""
    input: Any = None


class _Answer(BaseModel):
    content: list[_Block]
    stop_reason: str | None = None


class AnthropicMessages:
    """A client of Anthropic's Messages API."""

    def __init__(self, options: ModelOptions) -> None:
        self._fixed: dict[str, Any] = {"model": options.model, "max_tokens": options.max_tokens}
        self._endpoint = ModelEndpoint(
            options.url or _OWN_URL,
            options.api_key,
            options.timeout_seconds,
            {"anthropic-version": _VERSION},
        )

    def complete(self, question: ModelRequest) -> Completion:
        """Call the model and wait for the answer.

        Raises:
            ModelFault: If there is no usable answer.
        """
        return _read(self._endpoint.post("/v1/messages", self._fixed | _request_fields(question)))


def _request_fields(question: ModelRequest) -> dict[str, Any]:
    return {
        "system": question.system,
        "messages": [{"role": turn.role.value, "content": turn.text} for turn in question.turns],
        **({"tools": _TOOLS} if question.may_hand_over else {}),
    }


def _read(body: bytes) -> Completion:
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError:
        raise unreadable() from None
    return Completion(
        text=joined([block.text for block in answer.content if block.type == "text"]),
        wants_person=_wants_person(answer.content),
        is_refusal=answer.stop_reason == "refusal",
        is_cut=answer.stop_reason == "max_tokens",
    )


def _wants_person(blocks: Iterable[_Block]) -> StopReason | None:
    for block in blocks:
        if block.type == "tool_use" and block.name == TOOL:
            return reason_of(block.input)
    return None
