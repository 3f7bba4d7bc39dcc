"""What Meta's webhooks tell, in their own words."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from moca.core.content.content import Content
from moca.core.types import ContactKey
from moca.instagram.sandbox.payloads import comment_value
from tests.simulation.worlds.script import Edits, Writes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_APPS = {"previous_owner_app_id": "1", "new_owner_app_id": "2"}


class Item(NamedTuple):
    """One item of a webhook, and where in it it stands."""

    name: str
    """For the trace."""
    account_id: str
    field: str
    value: Mapping[str, Any]
    unanswerable: str | None = None


def body_of(items: Sequence[Item]) -> bytes:
    """Put items into one webhook."""
    entries = [{"id": each.account_id, "time": 1, each.field: [each.value]} for each in items]
    return json.dumps({"object": "instagram", "entry": entries}).encode()


def written(writes: Writes, at: datetime, is_elsewhere: bool) -> Item:
    """Return the webhook item of a contact's message."""
    contact, name = writes.contact, writes.mid
    if writes.is_comment:
        value = comment_value(contact, name, writes.text, is_live=writes.kind == "live_comment")
        change = {"field": f"{writes.kind}s", "value": value}
        return Item(name, contact.account_id, "changes", change, writes.unanswerable)
    if writes.kind == "postback":
        told = {"postback": {"mid": name, "title": writes.text, "payload": writes.payload}}
    else:
        told = {"message": {"mid": name, **_said(writes)}}
    value = _between(contact, at, told)
    return Item(name, contact.account_id, _field(is_elsewhere), value, writes.unanswerable)


def hinted(writes: Writes, at: datetime) -> Item:
    """Return a hint that a message exists: an edit of number 0, which names no contact."""
    value = {"timestamp": _milliseconds(at), "message_edit": {"mid": writes.mid, "num_edit": 0}}
    return Item(f"hint {writes.mid}", writes.contact.account_id, "messaging", value)


def echoed(contact: ContactKey, mid: str, content: Content, at: datetime) -> Item:
    """Return the echo of a message from the account."""
    message: dict[str, Any] = {"mid": mid, "is_echo": True}
    if content.media is not None:
        media = {"type": content.media.type, "payload": {"url": content.media.url}}
        message["attachments"] = [media]
    elif content.buttons:
        message["attachments"] = [{"type": "template", "payload": {"generic": {}}}]
    else:
        message["text"] = content.text
    value = _between(contact, at, {"message": message}, from_account=True)
    return Item(f"echo {mid}", contact.account_id, "messaging", value)


def edited(edits: Edits, at: datetime, is_elsewhere: bool) -> Item:
    """Return the webhook item of an edit."""
    edit = {"mid": edits.mid, "text": edits.text, "num_edit": edits.number}
    value = _between(edits.contact, at, {"message_edit": edit})
    name = f"edit {edits.number} of {edits.mid}"
    return Item(name, edits.contact.account_id, _field(is_elsewhere), value)


def unsent(contact: ContactKey, mid: str, at: datetime) -> Item:
    """Return the webhook item of an unsent message."""
    value = _between(contact, at, {"message": {"mid": mid, "is_deleted": True}})
    return Item(f"unsent {mid}", contact.account_id, "messaging", value)


def reacted(contact: ContactKey, mid: str, action: str, at: datetime) -> Item:
    """Return the webhook item of a reaction, added or removed."""
    reaction: dict[str, Any] = {"mid": mid, "action": action}
    if action == "react":
        reaction |= {"reaction": "love", "emoji": "\u2764"}
    value = _between(contact, at, {"reaction": reaction})
    return Item(f"{action} {mid}", contact.account_id, "messaging", value)


def seen(contact: ContactKey, mid: str, at: datetime) -> Item:
    """Return the webhook item of a read receipt."""
    value = _between(contact, at, {"read": {"mid": mid}})
    return Item(f"read {mid}", contact.account_id, "messaging", value)


def controlled(contact: ContactKey, is_ours: bool, at: datetime) -> Item:
    """Return the webhook item of a change of thread control."""
    what = "pass_thread_control" if is_ours else "take_thread_control"
    value = _between(contact, at, {what: _APPS})
    return Item(what, contact.account_id, "messaging", value)


def _field(is_elsewhere: bool) -> str:
    return "standby" if is_elsewhere else "messaging"


def _said(writes: Writes) -> dict[str, Any]:
    told: dict[str, Any] = {"text": writes.text} if writes.text else {}
    if writes.type == "quick_reply":
        told["quick_reply"] = {"payload": writes.payload}
    elif writes.type == "story_reply":
        told["reply_to"] = {"story": {"id": "s1", "url": "https://stories.test/s1"}}
    elif writes.type != "text":
        media = {"url": f"https://media.test/{writes.mid}"}
        told["attachments"] = [{"type": writes.type, "payload": media}]
    if writes.answers:
        told.setdefault("reply_to", {"mid": writes.answers})
    return told


def _between(
    contact: ContactKey, at: datetime, told: Mapping[str, Any], *, from_account: bool = False
) -> dict[str, Any]:
    person, account = {"id": contact.psid}, {"id": contact.account_id}
    sender, recipient = (account, person) if from_account else (person, account)
    return {"sender": sender, "recipient": recipient, "timestamp": _milliseconds(at), **told}


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)
