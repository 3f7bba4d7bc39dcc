from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, ValidationError

from moca.core.contact_profile import ContactProfile
from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import (
    AccountStopped,
    Delivered,
    DeliveryResult,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
    Unconfirmed,
    Undelivered,
    VerificationResult,
)
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.profile import MessengerProfile, ProfileChange
from moca.core.reconciliation.thread_scan import ThreadPage
from moca.core.types import ContactKey
from moca.instagram.errors import Failure, classify, classify_without_error, read_error
from moca.instagram.graph_access import GraphAccess
from moca.instagram.ids import read_mid
from moca.instagram.payload import DefaultOnError
from moca.instagram.record.media import MEDIA_FIELDS, PLAIN_FIELDS
from moca.instagram.record.message import FetchedMessage
from moca.instagram.record.record import Conversations, Record, find_in_record
from moca.instagram.record.threads import RecordedThread, ThreadList
from moca.instagram.request_bodies import (
    SenderAction,
    action_body,
    clearing_body,
    message_body,
    profile_body,
)
from moca.instagram.transport import GraphResponse, GraphTransport, NoResponse, NoToken

_PROFILE_FIELDS = "name,username,profile_pic,follower_count,is_user_follow_business"
_THREADS_A_PAGE = "50"
_INVALID_PARAMETER = "Graph 100"


class _Sent(BaseModel):
    message_id: Annotated[
        str, BeforeValidator(read_mid), Field(validation_alias=AliasChoices("message_id", "id"))
    ]


class Profile(BaseModel):
    """A contact's profile; None for what Instagram does not provide."""

    name: Annotated[str | None, DefaultOnError(None)] = Field(default=None, repr=False)
    username: Annotated[str | None, DefaultOnError(None)] = Field(default=None, repr=False)
    profile_pic: Annotated[str | None, DefaultOnError(None)] = Field(default=None, repr=False)
    follower_count: Annotated[int | None, DefaultOnError(None)] = None
    is_user_follow_business: Annotated[bool | None, DefaultOnError(None)] = None

    @property
    def contact_profile(self) -> ContactProfile:
        """The profile in Moca's own terms."""
        return ContactProfile(
            name=self.name or None,
            username=self.username or None,
            picture_url=self.profile_pic or None,
            follower_count=self.follower_count,
            follows_account=self.is_user_follow_business,
        )


class _Subscription(BaseModel):
    subscribed_fields: frozenset[str] = frozenset()


class _Subscriptions(BaseModel):
    data: list[_Subscription]


_Shape = TypeVar("_Shape", bound=BaseModel)


class GraphClient:
    """Calls the Graph API for one courier, on that courier's thread.

    `access_for` returns an account's credentials, or None if it has no token. Network and API
    failures are return values; nothing is retried here, and no reason quotes a text or a token.
    """

    def __init__(
        self, access_for: Callable[[str], GraphAccess | None], timeout_seconds: float
    ) -> None:
        self._access_for = access_for
        self._transport = GraphTransport(access_for, timeout_seconds)
        self._without_media: set[str] = set()
        """Accounts whose messages Instagram returns without media only."""

    def prepare(self, account_id: str) -> None:
        """Look up the account's credentials, possibly in the database."""
        self._access_for(account_id)

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        """Send a message once and return the result.

        A reaction has no id of its own, and setting it twice changes nothing, so one with an
        unknown outcome counts as undelivered.
        """
        body = message_body(contact, content, way)
        answer = self._transport.call("POST", "me/messages", contact.account_id, body=body)
        match answer:
            case NoToken(because):
                return AccountStopped(because)
            case NoResponse(because, arrived):
                result: DeliveryResult = (Unconfirmed if arrived else Undelivered)(because)
            case GraphResponse():
                result = _read_delivery(answer, is_named=content.reaction is None)
        if content.reaction is not None and isinstance(result, Unconfirmed):
            return Undelivered(result.because)
        return result

    def act(self, contact: ContactKey, action: SenderAction) -> str | None:
        """Show the contact a sender action; return None, or why it could not be shown."""
        body = action_body(contact, action)
        return self._change("POST", "me/messages", contact.account_id, body)

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known: KnownMessages
    ) -> VerificationResult:
        """Search Instagram's record for a message sent to a contact since an instant.

        Messages that are known are accounted for and do not count. Uses two of the two reads per
        second that Instagram allows an account.
        """
        query = {"platform": "instagram", "user_id": contact.psid}
        found = self._read(Conversations, "me/conversations", contact.account_id, query)
        if isinstance(found, RecordUnreadable):
            return found
        if not found.data:
            return MissingFromRecord()
        fields = {"fields": "messages{id,created_time,from,to,message}"}
        record = self._read(Record, quote(found.data[0].id, safe=""), contact.account_id, fields)
        if isinstance(record, RecordUnreadable):
            return record
        return find_in_record(record, contact.psid, content, since, known)

    def profile(self, contact: ContactKey) -> Profile | RecordUnreadable:
        """Read a contact's profile; only contacts that wrote to the account can be read."""
        fields = {"fields": _PROFILE_FIELDS}
        return self._read(Profile, quote(contact.psid, safe=""), contact.account_id, fields)

    def message(self, account_id: str, mid: str) -> InboundMessage | Echo | RecordUnreadable:
        """Read a message by its id, in the shape its webhook would have."""
        found = self._read_told(FetchedMessage, quote(mid, safe=""), account_id)
        if isinstance(found, RecordUnreadable):
            return found
        event = found.as_event_of(account_id, mid)
        return event or RecordUnreadable("Instagram does not say who wrote it")

    def threads(self, account_id: str, after: str = "") -> ThreadPage | RecordUnreadable:
        """Read a page of the account's conversations, most recently updated first."""
        query = {"platform": "instagram", "fields": "id,updated_time", "limit": _THREADS_A_PAGE}
        more = {"after": after} if after else {}
        found = self._read(ThreadList, "me/conversations", account_id, query | more)
        return found if isinstance(found, RecordUnreadable) else found.page()

    def thread(
        self, account_id: str, thread_id: str
    ) -> tuple[InboundMessage | Echo, ...] | RecordUnreadable:
        """Read a conversation's newest messages, in the shape their webhooks would have."""
        found = self._read_told(RecordedThread, quote(thread_id, safe=""), account_id, "messages")
        return found if isinstance(found, RecordUnreadable) else found.events_of(account_id)

    def subscribed_apps(self, account_id: str) -> frozenset[str] | RecordUnreadable:
        """Read the fields whose webhooks the account sends; empty if it sends none."""
        found = self._read(_Subscriptions, "me/subscribed_apps", account_id, {})
        if isinstance(found, RecordUnreadable):
            return found
        return frozenset[str]().union(*(each.subscribed_fields for each in found.data))

    def unsubscribe(self, account_id: str) -> str | None:
        """End the account's webhooks to this app; return None, or why it failed."""
        return self._change("DELETE", "me/subscribed_apps", account_id, {})

    def change_profile(self, account_id: str, change: ProfileChange) -> str | None:
        """Set or remove an account's ice breakers and menu; return None, or why it failed."""
        if change.set != MessengerProfile():
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
        self, method: str, path: str, account_id: str, body: Mapping[str, object]
    ) -> str | None:
        answer = self._transport.call(method, path, account_id, body=body)
        if not isinstance(answer, GraphResponse):
            return answer.because
        is_done = answer.status == HTTPStatus.OK and not read_error(answer.document)
        return None if is_done else _failure(answer).because

    def _read_told(
        self, shape: type[_Shape], path: str, account_id: str, edge: str = ""
    ) -> _Shape | RecordUnreadable:
        """Read messages with media; without media once Instagram has rejected those fields."""
        plain = _fields(PLAIN_FIELDS, edge)
        if account_id in self._without_media:
            return self._read(shape, path, account_id, plain)
        full = _fields(f"{PLAIN_FIELDS},{MEDIA_FIELDS}", edge)
        found = self._read(shape, path, account_id, full)
        if not (isinstance(found, RecordUnreadable) and found.is_misasked):
            return found
        found = self._read(shape, path, account_id, plain)
        if not isinstance(found, RecordUnreadable):
            self._without_media.add(account_id)
        return found

    def _read(
        self, shape: type[_Shape], path: str, account_id: str, query: Mapping[str, str]
    ) -> _Shape | RecordUnreadable:
        answer = self._transport.call("GET", path, account_id, query=query)
        if not isinstance(answer, GraphResponse):
            return RecordUnreadable(answer.because)
        error = read_error(answer.document)
        if answer.status != HTTPStatus.OK or error:
            is_misasked = error is not None and error.name == _INVALID_PARAMETER
            return RecordUnreadable(_failure(answer).because, is_misasked)
        try:
            return shape.model_validate(answer.document)
        except ValidationError:
            return RecordUnreadable("Instagram's response has an unknown format")


def _fields(names: str, edge: str) -> dict[str, str]:
    return {"fields": f"{edge}{{{names}}}" if edge else names}


def _read_delivery(answer: GraphResponse, *, is_named: bool) -> DeliveryResult:
    if answer.status != HTTPStatus.OK or read_error(answer.document):
        return _failure(answer)
    if not is_named:
        return Delivered(None, answer.usage_percent)
    try:
        mid = _Sent.model_validate(answer.document).message_id
    except ValidationError:
        return Unconfirmed("Instagram accepted it without a message id")
    return Delivered(mid, answer.usage_percent)


def _failure(answer: GraphResponse) -> Failure:
    error = read_error(answer.document)
    if error is None:
        return classify_without_error(answer.status, answer.wait)
    return classify(error, answer.status, answer.wait)
