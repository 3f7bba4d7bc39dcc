from moca.core.inbound.events import Deletion, Edit, Event, InboundMessage, ThreadControl
from moca.instagram.ids import read_id, read_mid
from moca.instagram.participants import Told
from moca.instagram.payload import MessageEdit

_DETAILS = {
    "reaction": ("action", "reaction", "emoji"),
    "read": ("watermark",),
    "referral": ("ref", "source", "type", "ad_id"),
    "optin": ("type", "title", "payload", "notification_messages_frequency"),
    "pass_thread_control": ("previous_owner_app_id", "new_owner_app_id", "metadata"),
    "take_thread_control": ("previous_owner_app_id", "new_owner_app_id", "metadata"),
    "request_thread_control": ("requested_owner_app_id", "metadata"),
    "app_roles": (),
}
"""What is kept of each kind in readable form; a token never is."""
_CONTROL = ("pass_thread_control", "take_thread_control")
_HANDOVER = (*_CONTROL, "request_thread_control", "app_roles")


def read_happening(told: Told, value: dict[str, object]) -> Event:
    """Read an item that is neither a message nor a tap."""
    if told.messaging.message_edit is not None:
        return _edit(told, told.messaging.message_edit)
    key = next((key for key in _DETAILS if key in value), None)
    if key is None:
        return told.unknown()
    return _happened(told, key, value[key])


def deletion(told: Told, mid: str | None) -> Event:
    """Read that a message was unsent."""
    event = told.about("deletion", mid, by="account" if told.from_account else "contact")
    return event if mid is None else Deletion(event=event, mid=mid, by_account=told.from_account)


def _happened(told: Told, key: str, raw: object) -> Event:
    known = raw if isinstance(raw, dict) else {}
    detail = {name: known.get(name) for name in _DETAILS[key]}
    mid = read_mid(known.get("mid"))
    if key in _HANDOVER:
        return _handover(told, key, detail)
    moment = (detail["action"], told.messaging.timestamp) if key == "reaction" else ()
    return told.about(key, mid, told.contact, *moment, **detail)


def _handover(told: Told, key: str, detail: dict[str, object]) -> Event:
    event = told.about("handover", None, what=key, **detail)
    if key not in _CONTROL or told.contact is None:
        return event
    owner = read_id(detail["new_owner_app_id"])
    is_ours = key == "pass_thread_control" and not told.is_standby
    if told.reading.app_id and owner is not None:
        is_ours = owner == told.reading.app_id
    return ThreadControl(event=event, contact=told.contact, is_ours=is_ours)


def _edit(told: Told, edit: MessageEdit) -> Event:
    event = told.about(
        "edit", edit.mid, edit.number, num_edit=edit.number, text=edit.text if edit.number else ""
    )
    if edit.mid is None:
        return event
    return Edit(
        event=event,
        mid=edit.mid,
        number=edit.number,
        text=edit.text,
        message=_edited(told, edit, edit.mid),
    )


def _edited(told: Told, edit: MessageEdit, mid: str) -> InboundMessage | None:
    if told.contact is None or told.from_account or not (edit.number > 0 and edit.text):
        return None
    return InboundMessage(
        contact=told.contact,
        mid=mid,
        text=edit.text,
        sent_at=told.messaging.timestamp,
        unanswerable=told.unanswerable,
        is_standby=told.is_standby,
    )
