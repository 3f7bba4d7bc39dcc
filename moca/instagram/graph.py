from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, ValidationError

from moca.core.contact import ContactKey
from moca.core.delivery import (
    AccountStopped,
    Delivered,
    DeliveryResult,
    NotArrived,
    Unconfirmed,
    Undelivered,
    Unreadable,
    VerificationResult,
)
from moca.instagram.errors import Failure, classify, classify_without_error, read_error
from moca.instagram.identity import read_mid
from moca.instagram.payload import Otherwise
from moca.instagram.record import Conversations, Record, find_in_record
from moca.instagram.transport import Answer, GraphTransport, NoAnswer, NoToken


class _Sent(BaseModel):
    message_id: Annotated[
        str, BeforeValidator(read_mid), Field(validation_alias=AliasChoices("message_id", "id"))
    ]


class Profile(BaseModel):
    """What Instagram tells of a person; None where it does not."""

    name: Annotated[str | None, Otherwise(None)] = Field(default=None, repr=False)
    username: Annotated[str | None, Otherwise(None)] = Field(default=None, repr=False)


class _Subscription(BaseModel):
    subscribed_fields: frozenset[str] = frozenset()


class _Subscriptions(BaseModel):
    data: list[_Subscription]


_Shape = TypeVar("_Shape", bound=BaseModel)


class GraphClient:
    """Speaks with the Graph API for one courier, on that courier's thread.

    `access_token_for` names an account's token, or "" where there is none. Whatever the network or
    Instagram does is a value; nothing is tried twice here, and no reason quotes a text or a token.
    """

    def __init__(
        self,
        base_url: str,
        api_version: str,
        access_token_for: Callable[[str], str],
        timeout_seconds: float,
    ) -> None:
        root = f"{base_url.rstrip('/')}/{api_version}"
        self._transport = GraphTransport(root, access_token_for, timeout_seconds)

    def send_text(self, contact: ContactKey, text: str) -> DeliveryResult:
        """Send a text, once, and tell what became of it."""
        body = {"recipient": {"id": contact.psid}, "message": {"text": text}}
        answer = self._transport.call("POST", "me/messages", contact.account_id, body=body)
        match answer:
            case NoToken(because):
                return AccountStopped(because)
            case NoAnswer(because, arrived):
                return Unconfirmed(because) if arrived else Undelivered(because)
            case Answer():
                return _read_delivery(answer)

    def find_message(
        self, contact: ContactKey, text: str, since: datetime, known_mids: AbstractSet[str]
    ) -> VerificationResult:
        """Look in Instagram's record for a text sent to a contact since an instant.

        Messages among `known_mids` are accounted for and do not count. Takes two of the two reads
        a second that Instagram allows an account.
        """
        query = {"platform": "instagram", "user_id": contact.psid}
        found = self._read(Conversations, "me/conversations", contact.account_id, query)
        if isinstance(found, Unreadable):
            return found
        if not found.data:
            return NotArrived()
        fields = {"fields": "messages{id,created_time,from,to,message}"}
        record = self._read(Record, quote(found.data[0].id, safe=""), contact.account_id, fields)
        if isinstance(record, Unreadable):
            return record
        return find_in_record(record, contact.psid, text, since, known_mids)

    def profile(self, contact: ContactKey) -> Profile | Unreadable:
        """Read a contact's name; only who wrote to the account can be read."""
        fields = {"fields": "name,username"}
        return self._read(Profile, quote(contact.psid, safe=""), contact.account_id, fields)

    def subscribed_apps(self, account_id: str) -> frozenset[str] | Unreadable:
        """Read the fields whose webhooks the account sends; empty where it sends none."""
        found = self._read(_Subscriptions, "me/subscribed_apps", account_id, {})
        if isinstance(found, Unreadable):
            return found
        return frozenset[str]().union(*(each.subscribed_fields for each in found.data))

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _read(
        self, shape: type[_Shape], path: str, account_id: str, query: Mapping[str, str]
    ) -> _Shape | Unreadable:
        answer = self._transport.call("GET", path, account_id, query=query)
        if not isinstance(answer, Answer):
            return Unreadable(answer.because)
        if answer.status != HTTPStatus.OK or read_error(answer.document):
            return Unreadable(_failure(answer).because)
        try:
            return shape.model_validate(answer.document)
        except ValidationError:
            return Unreadable("Instagram's answer has a shape not known")


def _read_delivery(answer: Answer) -> DeliveryResult:
    if answer.status != HTTPStatus.OK or read_error(answer.document):
        return _failure(answer)
    try:
        mid = _Sent.model_validate(answer.document).message_id
    except ValidationError:
        return Unconfirmed("Instagram took it without naming it")
    return Delivered(mid, answer.usage_percent)


def _failure(answer: Answer) -> Failure:
    error = read_error(answer.document)
    if error is None:
        return classify_without_error(answer.status, answer.wait)
    return classify(error, answer.status, answer.wait)
