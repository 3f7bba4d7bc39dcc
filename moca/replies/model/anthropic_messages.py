from collections.abc import Iterable
from typing import Any

import anthropic
from pydantic import BaseModel, ValidationError

from moca.replies.model.completion import (
    TOOL,
    TOOL_DESCRIPTION,
    TOOL_PARAMETERS,
    Completion,
    Question,
    Reason,
    joined,
    reason_of,
)
from moca.replies.model.options import ModelFigures
from moca.replies.model.sdk_errors import fault_of, unreadable

_OWN_URL = "https://api.anthropic.com"
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
    """Speaks Anthropic's messages."""

    def __init__(self, figures: ModelFigures) -> None:
        self._fixed: dict[str, Any] = {"model": figures.model, "max_tokens": figures.max_tokens}
        self._client = anthropic.Anthropic(
            base_url=figures.url or _OWN_URL,
            api_key=figures.api_key.get_secret_value() or "none",
            timeout=figures.timeout_seconds,
            max_retries=0,
        )

    def complete(self, question: Question) -> Completion:
        """Ask, and wait for the answer.

        Raises:
            ModelFault: there is no answer that can be used.
        """
        try:
            # Raw: the SDK lets any shape pass, and leaves it to us to stumble over.
            create = self._client.messages.with_raw_response.create
            answer = create(**self._fixed, **_asked(question))
        except anthropic.AnthropicError as error:
            raise fault_of(anthropic, error) from None
        return _read(answer.http_response.content)


def _asked(question: Question) -> dict[str, Any]:
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


def _wants_person(blocks: Iterable[_Block]) -> Reason | None:
    for block in blocks:
        if block.type == "tool_use" and block.name == TOOL:
            return reason_of(block.input)
    return None
