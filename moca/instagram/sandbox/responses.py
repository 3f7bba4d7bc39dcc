from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SandboxResponse:
    """An answer of the Graph API: a status and a document."""

    status: int
    document: Mapping[str, object]


def fine(**document: object) -> SandboxResponse:
    """Return an answer with status 200."""
    return SandboxResponse(200, document)


def refused(
    code: int, message: str, subcode: int | None = None, status: int = 400
) -> SandboxResponse:
    """Return an error in Graph's shape."""
    error: dict[str, object] = {
        "message": f"(#{code}) {message}",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "Asandbox",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    return SandboxResponse(status, {"error": error})
