from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from moca.core.push import MAX_ENDPOINT_LENGTH, SubscriptionKeys, endpoint_fault, keys_fault
from moca.web.schemas.requests import RequestBody
from moca.web.schemas.responses import ResponseModel

_MAX_KEY_LENGTH = 100


def _endpoint(text: str) -> str:
    fault = endpoint_fault(text)
    if fault:
        raise ValueError(fault)
    return text


_Key = Annotated[str, Field(min_length=1, max_length=_MAX_KEY_LENGTH)]


class PushBody(RequestBody):
    """A browser's subscription at its push service, as `PushSubscription.toJSON()` names it."""

    endpoint: Annotated[
        str, Field(min_length=1, max_length=MAX_ENDPOINT_LENGTH), AfterValidator(_endpoint)
    ] = Field(description="Address of the push service: https at port 443 of a named host.")
    p256dh: _Key = Field(description="The browser's public key, in URL-safe base64.")
    auth: _Key = Field(description="The browser's secret of 16 bytes, in URL-safe base64.")

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        fault = keys_fault(self.keys)
        if fault:
            raise ValueError(fault)
        return self

    @property
    def keys(self) -> SubscriptionKeys:
        """Both keys."""
        return SubscriptionKeys(self.p256dh, self.auth)


class PushKeyShape(ResponseModel):
    """The public key with which a browser subscribes."""

    key: str = Field(description="An uncompressed P-256 point in URL-safe base64 (VAPID).")


class PushShape(ResponseModel):
    """Whether push messages go to this browser."""

    subscribed: bool
