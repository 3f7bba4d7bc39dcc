from moca.core.content.attachments import ReceivedContent
from moca.core.inbound.events import Deletion, Edit, Event, InboundMessage, ThreadControl
from moca.core.types import ContactKey
from moca.instagram.ids import read_id, read_mid
from moca.instagram.participants import ItemContext
from moca.instagram.payload import CommentPayload, MessageEditPayload

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
"""The readable details kept of each kind; never a token."""
_CONTROL = ("pass_thread_control", "take_thread_control")
_HANDOVER = (*_CONTROL, "request_thread_control", "app_roles")


def read_other_event(context: ItemContext, value: dict[str, object]) -> Event:
    """Read an item that is neither a message nor a tap."""
    if context.messaging.message_edit is not None:
        return _edit(context, context.messaging.message_edit)
    key = next((key for key in _DETAILS if key in value), None)
    if key is None:
        return context.unknown()
    return _happened(context, key, value[key])


def deletion(context: ItemContext, mid: str | None) -> Event:
    """Return the event of an unsent message."""
    event = context.about("deletion", mid, by="account" if context.from_account else "contact")
    return event if mid is None else Deletion(event=event, mid=mid, by_account=context.from_account)


def _happened(context: ItemContext, key: str, raw: object) -> Event:
    known = raw if isinstance(raw, dict) else {}
    detail = {name: known.get(name) for name in _DETAILS[key]}
    mid = read_mid(known.get("mid"))
    if key in _HANDOVER:
        return _handover(context, key, detail)
    moment = (detail["action"], context.messaging.timestamp) if key == "reaction" else ()
    return context.about(key, mid, context.contact, *moment, **detail)


def _handover(context: ItemContext, key: str, detail: dict[str, object]) -> Event:
    event = context.about("handover", None, what=key, **detail)
    if key not in _CONTROL or context.contact is None:
        return event
    owner = read_id(detail["new_owner_app_id"])
    is_ours = key == "pass_thread_control" and not context.is_standby
    if context.reading.app_id and owner is not None:
        is_ours = owner == context.reading.app_id
    return ThreadControl(event=event, contact=context.contact, is_ours=is_ours)


def _edit(context: ItemContext, edit: MessageEditPayload) -> Event:
    event = context.about(
        "edit", edit.mid, edit.number, num_edit=edit.number, text=edit.text if edit.number else ""
    )
    if edit.mid is None:
        return event
    return Edit(
        event=event,
        mid=edit.mid,
        number=edit.number,
        text=edit.text,
        message=_edited(context, edit, edit.mid),
    )


def _edited(context: ItemContext, edit: MessageEditPayload, mid: str) -> InboundMessage | None:
    if context.contact is None or context.from_account or not (edit.number > 0 and edit.text):
        return None
    return InboundMessage(
        contact=context.contact,
        mid=mid,
        text=edit.text,
        sent_at=context.messaging.timestamp,
        unanswerable=context.unanswerable,
        is_standby=context.is_standby,
    )


_NOT_ANSWERED = "comments are not answered: instagram.answer_comments is off"


def read_comment(context: ItemContext, kind: str, value: dict[str, object]) -> Event:
    """Read a comment on a post or a live video; the account's own comments are only recorded."""
    comment = CommentPayload.model_validate(value)
    commenter = comment.commenter
    if comment.id is None or commenter is None or not context.account_id:
        return context.about(kind, comment.id, media=comment.media.id)
    if commenter.id == context.account_id or commenter.self_ig_scoped_id is not None:
        return context.about(kind, comment.id, by="account", media=comment.media.id)
    return InboundMessage(
        contact=ContactKey(context.account_id, commenter.id),
        mid=comment.id,
        kind=kind,
        text=comment.text,
        username=commenter.username or None,
        received=ReceivedContent(media_id=comment.media.id, parent_id=comment.parent_id),
        unanswerable=context.unanswerable
        or (None if context.reading.answer_comments else _NOT_ANSWERED),
    )
