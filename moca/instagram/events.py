from moca.core.inbound.events import Echo, Event, InboundMessage, OtherEvent
from moca.core.types import ContactKey
from moca.instagram.attachments import received_with, received_with_tap, type_of
from moca.instagram.envelope import UNKNOWN_ENTRY, WebhookItem, read_items, without_deep_nesting
from moca.instagram.ids import derive_mid
from moca.instagram.other_events import deletion, read_comment, read_other_event
from moca.instagram.participants import ItemContext, ReadingOptions, understand
from moca.instagram.payload import MessagePayload, MessagingPayload, PostbackPayload

_COMMENTS = {"comments": "comment", "live_comments": "live_comment"}


class TooManyItems(ValueError):  # noqa: N818
    """Raised when a webhook tells more than is read of one body; the answer is 413."""


def read_webhook(
    body: bytes,
    *,
    live: bool,
    app_id: str = "",
    answer_comments: bool = False,
    max_items: int | None = None,
) -> tuple[Event, ...]:
    """Return a webhook's events in order; a malformed item does not affect the others.

    There is one event for each of `read_items`. An item without content that repeats the one
    before it is not parsed again.

    With `live`, messages from Meta's dashboard test must not be answered; without
    `answer_comments`, no comments. `app_id` distinguishes this app from others that hold a thread.

    Raises:
        NotJson: If the body is not JSON.
        NotInstagram: If its object is not `instagram`.
        TooManyItems: If it has more than `max_items` items with content.
    """
    reading = ReadingOptions(live=live, app_id=app_id, answer_comments=answer_comments)
    try:
        return _read(body, reading, max_items)
    except RecursionError:
        return _read(without_deep_nesting(body), reading, max_items)


def _read(body: bytes, reading: ReadingOptions, max_items: int | None) -> tuple[Event, ...]:
    events: list[Event] = []
    nothing: WebhookItem | None = None
    left = max_items
    for item in read_items(body):
        if item == nothing:
            events.append(events[-1])
            continue
        if left is not None:
            left -= 1
            if left < 0:
                raise TooManyItems(f"The request body has more than {max_items} events.")
        event = _read_item(item, reading)
        nothing = item if isinstance(event, OtherEvent) and event.is_unreadable else None
        events.append(event)
    return tuple(events)


def _read_item(item: WebhookItem, reading: ReadingOptions) -> Event:
    if not isinstance(item.value, dict):
        return OtherEvent(kind="unreadable")
    context = understand(item, MessagingPayload.model_validate(item.value), reading)
    if item.field == UNKNOWN_ENTRY:
        return context.unknown()
    if isinstance(item.field, str) and item.field in _COMMENTS:
        return read_comment(context, _COMMENTS[item.field], item.value)
    if item.field == "mentions":
        ids = {name: item.value.get(name) for name in ("media_id", "comment_id")}
        return context.about("mention", None, **ids)
    if context.messaging.message is not None:
        return _read_message(context, context.messaging.message)
    if context.messaging.postback is not None:
        return _read_postback(context, context.messaging.postback)
    if "message" in item.value or "postback" in item.value:
        return OtherEvent(kind="unreadable", contact=context.contact)
    return read_other_event(context, item.value)


def _read_message(context: ItemContext, message: MessagePayload) -> Event:
    contact = context.contact
    if context.messaging.is_to_itself or message.is_self:
        return context.about("self", message.mid)
    if message.is_deleted:
        return deletion(context, message.mid)
    if contact is None:
        return context.unknown(message.mid)
    if _says_nothing(message):
        return OtherEvent(kind="unreadable", contact=contact)
    if context.from_account:
        return Echo(
            contact=contact,
            mid=message.mid or derive_mid(context.item.value),
            text=message.text,
            type=type_of(message),
            received=received_with(message),
            sent_at=context.messaging.timestamp,
        )
    return _inbound(context, contact, message)


def _inbound(context: ItemContext, contact: ContactKey, message: MessagePayload) -> InboundMessage:
    return InboundMessage(
        contact=contact,
        mid=message.mid or derive_mid(context.item.value),
        type=type_of(message),
        text=message.text,
        received=received_with(message),
        sent_at=context.messaging.timestamp,
        unanswerable=context.unanswerable,
        is_standby=context.is_standby,
    )


def _read_postback(context: ItemContext, postback: PostbackPayload) -> Event:
    contact = context.contact
    if context.messaging.is_to_itself:
        return context.about("self", postback.mid)
    if contact is None:
        return context.unknown(postback.mid)
    if context.from_account:
        return OtherEvent(kind="unreadable", contact=contact)
    return InboundMessage(
        contact=contact,
        mid=postback.mid or derive_mid(context.item.value),
        kind="postback",
        text=postback.title,
        received=received_with_tap(postback),
        sent_at=context.messaging.timestamp,
        unanswerable=context.unanswerable,
        is_standby=context.is_standby,
    )


def _says_nothing(message: MessagePayload) -> bool:
    return not (message.mid or message.text or message.attachments or message.is_unsupported)
