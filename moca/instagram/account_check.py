from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from moca.instagram.errors import classify, classify_without_error, read_error
from moca.instagram.graph_access import GraphAccess
from moca.instagram.ids import read_id
from moca.instagram.payload import DefaultOnError
from moca.instagram.transport import GraphResponse, GraphTransport, NoResponse, NoToken

_Id = Annotated[str | None, BeforeValidator(read_id)]


class _Linked(BaseModel):
    id: _Id = None


class _Me(BaseModel):
    user_id: _Id = None
    instagram_business_account: Annotated[_Linked | None, DefaultOnError(None)] = None

    @property
    def account_id(self) -> str | None:
        linked = self.instagram_business_account
        return self.user_id or (None if linked is None else linked.id)


class _App(BaseModel):
    subscribed_fields: tuple[str, ...] = ()


class _Apps(BaseModel):
    data: tuple[_App, ...] = ()


class _Anything(BaseModel):
    pass


@dataclass(frozen=True, slots=True)
class CheckRefused:
    """Instagram answered with an error, given by Meta's code and subcode."""

    because: str
    code: int | None = None
    subcode: int | None = None


@dataclass(frozen=True, slots=True)
class CheckUnanswered:
    """No answer came, or no call was made."""

    because: str


Fault = CheckRefused | CheckUnanswered
_Shape = TypeVar("_Shape", bound=BaseModel)


class AccountCheck:
    """Asks the Graph API about the state of accounts and the time; for one thread."""

    def __init__(
        self, access_for: Callable[[str], GraphAccess | None], timeout_seconds: float
    ) -> None:
        self._transport = GraphTransport(access_for, timeout_seconds)
        self.clock: datetime | None = None
        """When Instagram last answered, by its own clock; None if it never did."""
        self.is_unreachable = False
        """Whether a call remained without an answer."""

    def account_of_token(self, account_id: str) -> str | Fault | None:
        """Return the account that the token really speaks for; None if Instagram names none."""
        fields = {"fields": "id,user_id"}
        found = self._ask(_Me, "me", account_id, fields)
        if isinstance(found, CheckRefused) and found.code == _NO_SUCH_FIELD:
            found = self._ask(_Me, "me", account_id, {"fields": "id,instagram_business_account"})
        return found.account_id if isinstance(found, _Me) else found

    def fields_of(self, account_id: str) -> frozenset[str] | Fault:
        """Return the webhook fields that the account is subscribed to."""
        found = self._ask(_Apps, "me/subscribed_apps", account_id, {})
        if not isinstance(found, _Apps):
            return found
        return frozenset(each for app in found.data for each in app.subscribed_fields)

    def reads_messages(self, account_id: str) -> Fault | None:
        """Return why the account's conversations cannot be read; None if they can."""
        query = {"platform": "instagram", "limit": "1"}
        found = self._ask(_Anything, "me/conversations", account_id, query)
        return None if isinstance(found, _Anything) else found

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _ask(
        self, shape: type[_Shape], path: str, account_id: str, query: Mapping[str, str]
    ) -> _Shape | Fault:
        answer = self._transport.call("GET", path, account_id, query=query)
        if isinstance(answer, NoResponse | NoToken):
            self.is_unreachable |= isinstance(answer, NoResponse)
            return CheckUnanswered(answer.because)
        self.clock = answer.answered_at or self.clock
        return _read(shape, answer)


_NO_SUCH_FIELD = 100


def _read(shape: type[_Shape], answer: GraphResponse) -> _Shape | Fault:
    error = read_error(answer.document)
    if error is not None:
        because = classify(error, answer.status).because
        return CheckRefused(because, error.code, error.error_subcode)
    if answer.status != HTTPStatus.OK:
        return CheckRefused(classify_without_error(answer.status).because)
    try:
        return shape.model_validate(answer.document)
    except ValidationError:
        return CheckUnanswered("the response has an unknown format")
