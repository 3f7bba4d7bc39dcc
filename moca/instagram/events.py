from moca.core.inbound.events import Echo, Event, InboundMessage, OtherEvent
from moca.core.types import ContactKey
from moca.instagram.attachments import received_with, received_with_tap, type_of
from moca.instagram.comments import read_comment
from moca.instagram.envelope import UNKNOWN_ENTRY, Item, read_items, without_deep_nesting
from moca.instagram.ids import derive_mid
from moca.instagram.other_events import deletion, read_happening
from moca.instagram.participants import Reading, Told, understand
from moca.instagram.payload import Message, Messaging, Postback

_COMMENTS = {"comments": "comment", "live_comments": "live_comment"}


def read_webhook(
    body: bytes, *, live: bool, app_id: str = "", answer_comments: bool = False
) -> tuple[Event, ...]:
    """Read what a webhook tells, in its order; what is broken in it costs nothing beside it.

    With `live`, a message from Meta's dashboard test must not be answered; without
    `answer_comments`, no comment. `app_id` tells our own app from others that hold a thread.

    Raises:
        NotJson: the body is not JSON.
        NotInstagram: its object is not `instagram`.
    """
    reading = Reading(live=live, app_id=app_id, answer_comments=answer_comments)
    try:
        return _read(body, reading)
    except RecursionError:
        return _read(without_deep_nesting(body), reading)


def _read(body: bytes, reading: Reading) -> tuple[Event, ...]:
    return tuple(_read_item(item, reading) for item in read_items(body))


def _read_item(item: Item, reading: Reading) -> Event:
    if not isinstance(item.value, dict):
        return OtherEvent(kind="unreadable")
    told = understand(item, Messaging.model_validate(item.value), reading)
    if item.field == UNKNOWN_ENTRY:
        return told.unknown()
    if isinstance(item.field, str) and item.field in _COMMENTS:
        return read_comment(told, _COMMENTS[item.field], item.value)
    if item.field == "mentions":
        ids = {name: item.value.get(name) for name in ("media_id", "comment_id")}
        return told.about("mention", None, **ids)
    if told.messaging.message is not None:
        return _read_message(told, told.messaging.message)
    if told.messaging.postback is not None:
        return _read_postback(told, told.messaging.postback)
    if "message" in item.value or "postback" in item.value:
        return OtherEvent(kind="unreadable", contact=told.contact)
    return read_happening(told, item.value)


def _read_message(told: Told, message: Message) -> Event:
    contact = told.contact
    if told.messaging.is_to_itself or message.is_self:
        return told.about("self", message.mid)
    if message.is_deleted:
        return deletion(told, message.mid)
    if contact is None:
        return told.unknown(message.mid)
    if _says_nothing(message):
        return OtherEvent(kind="unreadable", contact=contact)
    if told.from_account:
        return Echo(
            contact=contact,
            mid=message.mid or derive_mid(told.item.value),
            text=message.text,
            type=type_of(message),
            received=received_with(message),
            sent_at=told.messaging.timestamp,
        )
    return _inbound(told, contact, message)


def _inbound(told: Told, contact: ContactKey, message: Message) -> InboundMessage:
    return InboundMessage(
        contact=contact,
        mid=message.mid or derive_mid(told.item.value),
        type=type_of(message),
        text=message.text,
        received=received_with(message),
        sent_at=told.messaging.timestamp,
        unanswerable=told.unanswerable,
        is_standby=told.is_standby,
    )


def _read_postback(told: Told, postback: Postback) -> Event:
    contact = told.contact
    if told.messaging.is_to_itself:
        return told.about("self", postback.mid)
    if contact is None:
        return told.unknown(postback.mid)
    if told.from_account:
        return OtherEvent(kind="unreadable", contact=contact)
    return InboundMessage(
        contact=contact,
        mid=postback.mid or derive_mid(told.item.value),
        kind="postback",
        text=postback.title,
        received=received_with_tap(postback),
        sent_at=told.messaging.timestamp,
        unanswerable=told.unanswerable,
        is_standby=told.is_standby,
    )


def _says_nothing(message: Message) -> bool:
    return not (message.mid or message.text or message.attachments or message.is_unsupported)
