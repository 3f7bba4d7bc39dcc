import contextlib
from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, Field, Json, OnErrorOmit, TypeAdapter, ValidationError

_MAX_WAIT = timedelta(days=1)
_HEADER = "X-Business-Use-Case-Usage"
_APP_HEADER = "X-App-Usage"


class _Share(BaseModel):
    call_count: float = Field(default=0, allow_inf_nan=False)
    total_time: float = Field(default=0, allow_inf_nan=False)
    total_cputime: float = Field(default=0, allow_inf_nan=False)

    @property
    def percent(self) -> float:
        return max(self.call_count, self.total_time, self.total_cputime)


class _Usage(_Share):
    type: str = "instagram"
    estimated_time_to_regain_access: float = Field(default=0, allow_inf_nan=False)


_APP = TypeAdapter(Json[_Share])
_USAGE = TypeAdapter(Json[dict[str, list[OnErrorOmit[_Usage]]]])
_MESSAGING = ("instagram", "messenger", "pages")


def regain_access_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read how long a throttled account must wait, from minutes in the usage header.

    None without a positive time; at most a day.
    """
    minutes = [usage.estimated_time_to_regain_access for usage in _messaging_usages(headers)]
    longest = max(minutes, default=0.0)
    if longest <= 0:
        return None
    return min(timedelta(minutes=min(longest, 1e6)), _MAX_WAIT)


def usage_percent(headers: Mapping[str, str]) -> float:
    """Read the used percentage of an account's quota; 0 without a header.

    Meta throttles at 100. The higher of the app's and the account's usage counts.
    """
    shares: list[_Share] = [*_messaging_usages(headers)]
    with contextlib.suppress(ValidationError):
        shares.append(_APP.validate_python(headers.get(_APP_HEADER)))
    return max((share.percent for share in shares), default=0.0)


def _messaging_usages(headers: Mapping[str, str]) -> list[_Usage]:
    try:
        named = _USAGE.validate_python(headers.get(_HEADER))
    except ValidationError:
        return []
    return [each for usages in named.values() for each in usages if each.type in _MESSAGING]
