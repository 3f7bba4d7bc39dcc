from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, ValidationError

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import (
    AccountStopped,
    Delivered,
    DeliveryResult,
    NotArrived,
    Unconfirmed,
    Undelivered,
    Unreadable,
    VerificationResult,
)
from moca.core.outbox.queued_reply import DIRECT, Way
from moca.core.profile import ProfileChange, Welcome
from moca.core.reconciliation.thread_scan import ThreadPage
from moca.core.types import ContactKey
from moca.instagram.errors import Failure, classify, classify_without_error, read_error
from moca.instagram.graph_access import Access
from moca.instagram.ids import read_mid
from moca.instagram.payload import Otherwise
from moca.instagram.record import Conversations, Record, find_in_record
from moca.instagram.record_media import MEDIA_FIELDS, PLAIN_FIELDS
from moca.instagram.record_message import FetchedMessage
from moca.instagram.record_threads import Thread, ThreadList
from moca.instagram.request_bodies import (
    SenderAction,
    action_body,
    clearing_body,
    message_body,
    profile_body,
)
from moca.instagram.transport import Answer, GraphTransport, NoAnswer, NoToken

_THREADS_A_PAGE = "50"
_INVALID_PARAMETER = "Graph 100"


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

    `access_for` says how an account is called, None where it has no token. Whatever the network or
    Instagram does is a value; nothing is tried twice here, and no reason quotes a text or a token.
    """

    def __init__(self, access_for: Callable[[str], Access | None], timeout_seconds: float) -> None:
        self._transport = GraphTransport(access_for, timeout_seconds)
        self._without_media: set[str] = set()
        """Accounts whose messages are told without their media only."""

    def send(self, contact: ContactKey, content: Content, way: Way = DIRECT) -> DeliveryResult:
        """Send a message, once, and tell what became of it.

        A reaction has no name of its own, and as putting it twice changes nothing, one whose fate
        is not known counts as undelivered.
        """
        body = message_body(contact, content, way)
        answer = self._transport.call("POST", "me/messages", contact.account_id, body=body)
        match answer:
            case NoToken(because):
                return AccountStopped(because)
            case NoAnswer(because, arrived):
                result: DeliveryResult = (Unconfirmed if arrived else Undelivered)(because)
            case Answer():
                result = _read_delivery(answer, is_named=content.reaction is None)
        if content.reaction is not None and isinstance(result, Unconfirmed):
            return Undelivered(result.because)
        return result

    def act(self, contact: ContactKey, action: SenderAction) -> str | None:
        """Show a contact that a reply is being made; None, or why it could not be shown."""
        body = action_body(contact, action)
        return self._change("POST", "me/messages", contact.account_id, body)

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known_mids: AbstractSet[str]
    ) -> VerificationResult:
        """Look in Instagram's record for a message sent to a contact since an instant.

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
        return find_in_record(record, contact.psid, content, since, known_mids)

    def profile(self, contact: ContactKey) -> Profile | Unreadable:
        """Read a contact's name; only who wrote to the account can be read."""
        fields = {"fields": "name,username"}
        return self._read(Profile, quote(contact.psid, safe=""), contact.account_id, fields)

    def message(self, account_id: str, mid: str) -> InboundMessage | Echo | Unreadable:
        """Read a message by its id, as its webhook would have told it."""
        found = self._read_told(FetchedMessage, quote(mid, safe=""), account_id)
        if isinstance(found, Unreadable):
            return found
        told = found.as_told_by(account_id, mid)
        return told or Unreadable("Instagram does not tell who wrote it")

    def threads(self, account_id: str, after: str = "") -> ThreadPage | Unreadable:
        """Read which conversations there are, a page at a time, those that changed last first."""
        query = {"platform": "instagram", "fields": "id,updated_time", "limit": _THREADS_A_PAGE}
        more = {"after": after} if after else {}
        found = self._read(ThreadList, "me/conversations", account_id, query | more)
        return found if isinstance(found, Unreadable) else found.page()

    def thread(
        self, account_id: str, thread_id: str
    ) -> tuple[InboundMessage | Echo, ...] | Unreadable:
        """Read a conversation's newest messages, as their webhooks would have told them."""
        found = self._read_told(Thread, quote(thread_id, safe=""), account_id, "messages")
        return found if isinstance(found, Unreadable) else found.told(account_id)

    def subscribed_apps(self, account_id: str) -> frozenset[str] | Unreadable:
        """Read the fields whose webhooks the account sends; empty where it sends none."""
        found = self._read(_Subscriptions, "me/subscribed_apps", account_id, {})
        if isinstance(found, Unreadable):
            return found
        return frozenset[str]().union(*(each.subscribed_fields for each in found.data))

    def unsubscribe(self, account_id: str) -> str | None:
        """End the account's webhooks to this app; return None, or why they were not ended."""
        return self._change("DELETE", "me/subscribed_apps", account_id, {})

    def change_profile(self, account_id: str, change: ProfileChange) -> str | None:
        """Set an account's ice breakers and menu, or take them away; None, or why it was not."""
        if change.set != Welcome():
            body = profile_body(change.set)
            if because := self._change("POST", "me/messenger_profile", account_id, body):
                return because
        if change.clear:
            body = clearing_body(change.clear)
            return self._change("DELETE", "me/messenger_profile", account_id, body)
        return None

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _change(
        self, method: str, path: str, account_id: str, body: Mapping[str, Any]
    ) -> str | None:
        answer = self._transport.call(method, path, account_id, body=body)
        if not isinstance(answer, Answer):
            return answer.because
        is_done = answer.status == HTTPStatus.OK and not read_error(answer.document)
        return None if is_done else _failure(answer).because

    def _read_told(
        self, shape: type[_Shape], path: str, account_id: str, edge: str = ""
    ) -> _Shape | Unreadable:
        """Read messages with their media; without, from then on, where Instagram knows of none."""
        plain = _fields(PLAIN_FIELDS, edge)
        if account_id in self._without_media:
            return self._read(shape, path, account_id, plain)
        full = _fields(f"{PLAIN_FIELDS},{MEDIA_FIELDS}", edge)
        found = self._read(shape, path, account_id, full)
        if not (isinstance(found, Unreadable) and found.is_misasked):
            return found
        found = self._read(shape, path, account_id, plain)
        if not isinstance(found, Unreadable):
            self._without_media.add(account_id)
        return found

    def _read(
        self, shape: type[_Shape], path: str, account_id: str, query: Mapping[str, str]
    ) -> _Shape | Unreadable:
        answer = self._transport.call("GET", path, account_id, query=query)
        if not isinstance(answer, Answer):
            return Unreadable(answer.because)
        error = read_error(answer.document)
        if answer.status != HTTPStatus.OK or error:
            is_misasked = error is not None and error.name == _INVALID_PARAMETER
            return Unreadable(_failure(answer).because, is_misasked)
        try:
            return shape.model_validate(answer.document)
        except ValidationError:
            return Unreadable("Instagram's answer has a shape not known")


def _fields(names: str, edge: str) -> dict[str, str]:
    return {"fields": f"{edge}{{{names}}}" if edge else names}


def _read_delivery(answer: Answer, *, is_named: bool) -> DeliveryResult:
    if answer.status != HTTPStatus.OK or read_error(answer.document):
        return _failure(answer)
    if not is_named:
        return Delivered(None, answer.usage_percent)
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
