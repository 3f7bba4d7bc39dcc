from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What the Graph API answers: a status and a document."""

    status: int
    document: Mapping[str, Any]


def fine(**document: Any) -> Answer:
    """Answer 200."""
    return Answer(200, document)


def refused(code: int, message: str, subcode: int | None = None, status: int = 400) -> Answer:
    """Answer with an error in the shape that Graph gives it."""
    error: dict[str, Any] = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Asandbox",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return Answer(status, {"error": error})
