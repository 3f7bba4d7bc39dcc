from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, Field, Json, OnErrorOmit, TypeAdapter, ValidationError

_LONGEST_WAIT = timedelta(days=1)
_HEADER = "X-Business-Use-Case-Usage"


class _Usage(BaseModel):
    type: str = "instagram"
    estimated_time_to_regain_access: float = Field(default=0, allow_inf_nan=False)


_USAGE = TypeAdapter(Json[dict[str, list[OnErrorOmit[_Usage]]]])
_MESSAGING = ("instagram", "messenger", "pages")


def regain_access_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read how long a throttled account must wait, from minutes in the usage header.

    None where no positive time is named; at most a day.
    """
    try:
        named = _USAGE.validate_python(headers.get(_HEADER))
    except ValidationError:
        return None
    minutes = [
        usage.estimated_time_to_regain_access
        for usages in named.values()
        for usage in usages
        if usage.type in _MESSAGING
    ]
    longest = max(minutes, default=0.0)
    if longest <= 0:
        return None
    return min(timedelta(minutes=min(longest, 1e6)), _LONGEST_WAIT)
