import math
from datetime import timedelta
from typing import Any

from moca.replies.model.completion import ModelFault

_MAX_REST = timedelta(hours=1)
_SERVER_FAULTS = 500
_TOO_MANY = 429


def fault_of(sdk: Any, error: Exception) -> ModelFault:
    """Convert an SDK's error, without its text, which may quote a prompt or a key.

    Args:
        sdk: The module `openai` or `anthropic`; both use the same error names.
        error: The exception of a call.
    """
    if isinstance(error, sdk.APITimeoutError):
        return ModelFault("the model server did not respond in time", again=True)
    if isinstance(error, sdk.APIConnectionError):
        return ModelFault("the model server cannot be reached", again=True)
    if isinstance(error, sdk.APIStatusError):
        status = error.status_code
        return ModelFault(
            f"the model server responded with {status}{_advice(status)}",
            again=status >= _SERVER_FAULTS,
            rest=_rest(error.response.headers) if status == _TOO_MANY else None,
        )
    return unreadable()


def unreadable() -> ModelFault:
    """Return the fault of a malformed answer."""
    return ModelFault("the model server's response cannot be read", again=False)


def _advice(status: int) -> str:
    advice = {
        400: "; if it does not support tools, set replies.model.may_hand_over = false",
        401: "; check replies.model.api_key",
        403: "; check replies.model.api_key",
        404: "; check replies.model.url and replies.model.model",
        429: ", too many requests",
    }
    return advice.get(status, "")


def _rest(headers: Any) -> timedelta | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    return min(timedelta(seconds=min(seconds, _MAX_REST.total_seconds())), _MAX_REST)
