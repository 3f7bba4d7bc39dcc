import math
from datetime import timedelta
from typing import Any

from moca.replies.model.completion import ModelFault

_LONGEST_REST = timedelta(hours=1)
_SERVER_FAULTS = 500
_TOO_MANY = 429


def fault_of(sdk: Any, error: Exception) -> ModelFault:
    """Say what an error of an SDK means, without its text, which may quote a prompt or a key.

    Args:
        sdk: the module `openai` or `anthropic`; both name their errors alike.
        error: what a call raised.
    """
    if isinstance(error, sdk.APITimeoutError):
        return ModelFault("the model's server did not answer in time", again=True)
    if isinstance(error, sdk.APIConnectionError):
        return ModelFault("the model's server cannot be reached", again=True)
    if isinstance(error, sdk.APIStatusError):
        status = error.status_code
        return ModelFault(
            f"the model's server answered {status}{_advice(status)}",
            again=status >= _SERVER_FAULTS,
            rest=_rest(error.response.headers) if status == _TOO_MANY else None,
        )
    return unreadable()


def unreadable() -> ModelFault:
    """Say that an answer has not the shape of one."""
    return ModelFault("the model's server gave an answer that cannot be read", again=False)


def _advice(status: int) -> str:
    advice = {
        400: "; does it know the tool hand_over? replies.model.may_hand_over = false goes without",
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
    return min(timedelta(seconds=min(seconds, _LONGEST_REST.total_seconds())), _LONGEST_REST)
