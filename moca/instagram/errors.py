from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Annotated

from pydantic import BaseModel, ValidationError

from moca.core.outbox.delivery import AccountStopped, Rejected, Throttled, Unconfirmed, Undelivered
from moca.core.reasons import Because, Reason, code_of
from moca.instagram.payload import DefaultOnError, Flag

Failure = Undelivered | Throttled | AccountStopped | Rejected | Unconfirmed
_Verdict = Callable[[str], Failure]

_token_dead = partial(AccountStopped, is_token_dead=True)
_for_the_last_time = partial(Unconfirmed, may_go_again=False)

_WINDOW_CLOSED = Because(Reason.WINDOW_CLOSED, "the 24-hour reply window has closed")

_BY_SUBCODE: Mapping[tuple[int, int], tuple[_Verdict, str]] = {
    (1, 1357046): (Unconfirmed, "reported as invalid although similar messages were sent"),
    (10, 1893063): (AccountStopped, "the account is temporarily restricted"),
    (10, 2018065): (Rejected, "outside the allowed window"),
    (10, 2018108): (Rejected, "this contact cannot receive messages"),
    (10, 2018278): (Rejected, _WINDOW_CLOSED),
    (10, 2534022): (Rejected, _WINDOW_CLOSED),
    (10, 2534077): (AccountStopped, "the account's Page link or two-factor login needs attention"),
    (100, 33): (AccountStopped, "the account is unknown or a permission is missing"),
    (100, 2018001): (Rejected, "no such contact"),
    (100, 2018008): (Rejected, "the media could not be fetched"),
    (100, 2018047): (Rejected, "the media's type is not supported"),
    (100, 2018109): (Rejected, "the media is too large"),
    (100, 2018294): (Rejected, "the media took too long to be fetched"),
    (100, 2018300): (Rejected, "another app controls this thread"),
    (100, 2534013): (AccountStopped, "the Page is not linked to the account"),
    (100, 2534014): (Rejected, "no such contact"),
    (100, 2534015): (Rejected, "the message's data is invalid"),
    (100, 2534025): (
        _for_the_last_time,
        "the private reply was refused, probably because there already is one",
    ),
    (100, 2534029): (AccountStopped, "the account is blocked from sending"),
    (100, 2534037): (Rejected, "another app controls this thread"),
    (190, 458): (_token_dead, "the app was removed by the account"),
    (190, 459): (AccountStopped, "the account must pass a checkpoint"),
    (190, 460): (_token_dead, "the password was changed: a new access token is needed"),
    (190, 463): (_token_dead, "the access token has expired"),
    (190, 464): (AccountStopped, "the account's user is not confirmed"),
    (190, 467): (_token_dead, "the access token is invalid"),
    (190, 492): (AccountStopped, "the user's role on the Page is not sufficient"),
    (200, 1545041): (Rejected, "this contact is not available"),
    (200, 2018028): (Rejected, "the app is not approved to message this contact"),
    (200, 2534041): (AccountStopped, "the owner has not allowed access to messages"),
}

_BY_CODE: Mapping[int, tuple[_Verdict, str]] = {
    1: (Unconfirmed, "unknown error at Instagram"),
    2: (Unconfirmed, "Instagram is temporarily unavailable"),
    3: (AccountStopped, "the app lacks a capability"),
    4: (Throttled, "the app's limit is reached"),
    10: (AccountStopped, "a permission is missing"),
    17: (Throttled, "the user's limit is reached"),
    32: (Throttled, "the Page's limit is reached"),
    100: (Rejected, "the request is invalid"),
    102: (_token_dead, "the session has ended"),
    190: (_token_dead, "the access token is not valid"),
    230: (Rejected, "this contact has not consented"),
    341: (Throttled, "the app's limit is reached"),
    368: (AccountStopped, "blocked for breaking Instagram's policies"),
    551: (Rejected, "this contact is not available"),
    613: (Throttled, "the limit for messages is reached"),
    9010: (Rejected, "no such contact"),
    80001: (Throttled, "the Page's limit is reached"),
    80002: (Throttled, "the account's limit is reached"),
    80006: (Throttled, "the limit for messages is reached"),
    2534001: (Rejected, "the thread is archived or deleted"),
    9000001: (Rejected, "the message was deleted"),
}

_PERMISSIONS = range(200, 300)
_SERVER_FAULT = 500
_TOO_MANY = 429


class GraphError(BaseModel):
    """An error reported by Instagram; its message is left out, because it may quote anything."""

    code: int
    error_subcode: Annotated[int | None, DefaultOnError(None)] = None
    is_transient: Flag = False

    @property
    def name(self) -> str:
        """Return its name as in Meta's documentation: code, or code/subcode."""
        subcode = "" if self.error_subcode is None else f"/{self.error_subcode}"
        return f"Graph {self.code}{subcode}"


def read_error(document: object) -> GraphError | None:
    """Read the error of an answer; None if there is no readable one."""
    try:
        return GraphError.model_validate(document.get("error"))  # type: ignore[attr-defined]
    except (AttributeError, ValidationError):
        return None


def classify(error: GraphError, status: int, wait: timedelta | None = None) -> Failure:
    """Return what an error means for the message and its account, by code and subcode.

    The HTTP status only decides what Meta does not document. An unknown error that calls itself
    transient, or comes with a 5xx, does not prove that nothing arrived: it is `Unconfirmed`, so
    that Instagram's record is read before anything is sent again.
    """
    verdict, meaning = _look_up(error) or _unheard_of(error, status)
    text, code = f"{error.name}: {meaning}", code_of(meaning)
    because = text if code is None else Because(code, text)
    return Throttled(because, wait) if verdict is Throttled else verdict(because)


def classify_without_error(status: int, wait: timedelta | None = None) -> Failure:
    """Return what a failure without an error means: it came from something before Instagram."""
    because = f"HTTP {status} without details"
    if status == _TOO_MANY:
        return Throttled(because, wait)
    if 300 <= status < _SERVER_FAULT:  # noqa: PLR2004
        return Undelivered(because)
    return Unconfirmed(because)


def _look_up(error: GraphError) -> tuple[_Verdict, str] | None:
    known = _BY_SUBCODE.get((error.code, error.error_subcode or 0)) or _BY_CODE.get(error.code)
    if known is None and error.code in _PERMISSIONS:
        return AccountStopped, "a permission is missing"
    return known


def _unheard_of(error: GraphError, status: int) -> tuple[_Verdict, str]:
    if error.is_transient:
        return Unconfirmed, "unknown error, marked as temporary"
    if status >= _SERVER_FAULT:
        return Unconfirmed, f"unknown error with HTTP {status}"
    return Rejected, f"unknown error with HTTP {status}"
