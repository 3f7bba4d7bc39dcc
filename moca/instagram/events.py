from dataclasses import dataclass

from moca.core.contact import ContactKey
from moca.core.webhook import Echo, Event, InboundMessage, OtherEvent
from moca.instagram.body import Item, read_items, without_deep_nesting
from moca.instagram.identity import derive_mid, read_id
from moca.instagram.payload import Message, Messaging, Postback

_DASHBOARD_TEST = "Meta's dashboard test is stored, never answered"
_ANOTHER_APP = "another app holds this thread"

_KIND_BY_FIELD = {"comments": "comment", "live_comments": "live_comment", "mentions": "mention"}
_KIND_BY_KEY = {
    "message_edit": "edit",
    "reaction": "reaction",
    "read": "read",
    "referral": "referral",
    "optin": "optin",
    "pass_thread_control": "handover",
    "take_thread_control": "handover",
    "request_thread_control": "handover",
    "app_roles": "handover",
    "message": "unreadable",
    "postback": "unreadable",
}
_UNREADABLE = OtherEvent(kind="unreadable")


def read_webhook(body: bytes, *, live: bool) -> tuple[Event, ...]:
    """Read what a webhook tells, in its order; what is broken in it costs nothing beside it.

    With `live`, a message from Meta's dashboard test must not be answered.

    Raises:
        NotJson: the body is not JSON.
        NotInstagram: its object is not `instagram`.
    """
    try:
        return _read(body, live=live)
    except RecursionError:
        return _read(without_deep_nesting(body), live=live)


def _read(body: bytes, *, live: bool) -> tuple[Event, ...]:
    return tuple(_read_item(item, live=live) for item in read_items(body))


@dataclass(frozen=True, slots=True)
class _Told:
    item: Item
    messaging: Messaging
    contact: ContactKey | None
    from_account: bool
    live: bool


def _read_item(item: Item, *, live: bool) -> Event:
    if isinstance(item.field, str) and item.field in _KIND_BY_FIELD:
        return OtherEvent(kind=_KIND_BY_FIELD[item.field])
    if not isinstance(item.value, dict):
        return _UNREADABLE
    told = _understand(item, Messaging.model_validate(item.value), live=live)
    if told.messaging.message is not None:
        return _read_message(told, told.messaging.message)
    if told.messaging.postback is not None:
        return _read_postback(told, told.messaging.postback)
    kind = next((_KIND_BY_KEY[key] for key in _KIND_BY_KEY if key in item.value), "unknown")
    return OtherEvent(kind=kind, contact=told.contact)


def _understand(item: Item, messaging: Messaging, *, live: bool) -> _Told:
    sender = messaging.sender.id if messaging.sender else None
    recipient = messaging.recipient.id if messaging.recipient else None
    account = read_id(item.account)
    is_echo = messaging.message is not None and messaging.message.is_echo
    from_account = is_echo or (sender is not None and sender == account)
    person, other = (recipient, sender) if from_account else (sender, recipient)
    account = account or other
    contact = ContactKey(account, person) if account and person else None
    return _Told(item, messaging, contact, from_account, live)


def _read_message(told: _Told, message: Message) -> Event:
    contact = told.contact
    if told.messaging.is_self or message.is_self:
        return OtherEvent(kind="self", contact=contact)
    if message.is_deleted:
        return OtherEvent(kind="deletion", contact=contact)
    if contact is None or _says_nothing(message):
        return OtherEvent(kind="unreadable", contact=contact)
    if told.from_account:
        return Echo(
            contact=contact,
            mid=message.mid or derive_mid(told.item.value),
            text=message.text,
            type=_type_of(message),
            sent_at=told.messaging.timestamp,
        )
    return InboundMessage(
        contact=contact,
        mid=message.mid or derive_mid(told.item.value),
        type=_type_of(message),
        text=message.text,
        sent_at=told.messaging.timestamp,
        unanswerable=_unanswerable(told, contact),
    )


def _read_postback(told: _Told, postback: Postback) -> Event:
    contact = told.contact
    if told.messaging.is_self:
        return OtherEvent(kind="self", contact=contact)
    if contact is None or told.from_account:
        return OtherEvent(kind="unreadable", contact=contact)
    return InboundMessage(
        contact=contact,
        mid=postback.mid or derive_mid(told.item.value),
        kind="postback",
        text=postback.title,
        sent_at=told.messaging.timestamp,
        unanswerable=_unanswerable(told, contact),
    )


def _unanswerable(told: _Told, contact: ContactKey) -> str | None:
    if told.live and contact.account_id == "0":
        return _DASHBOARD_TEST
    return _ANOTHER_APP if told.item.field == "standby" else None


def _says_nothing(message: Message) -> bool:
    return not (message.mid or message.text or message.attachments or message.is_unsupported)


def _type_of(message: Message) -> str:
    first = message.attachments[0].type if message.attachments else None
    if message.is_unsupported or first == "unsupported_type":
        return "unsupported"
    if first is not None:
        return first
    if message.quick_reply is not None:
        return "quick_reply"
    return "text" if message.text else "unsupported"
