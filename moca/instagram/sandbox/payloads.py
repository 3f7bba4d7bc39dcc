import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moca.core.types import ContactKey
from moca.instagram.sandbox.accounts import account_username
from moca.instagram.sandbox.threads import SandboxMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def webhook_body(contact: ContactKey, message: SandboxMessage, now: datetime) -> bytes:
    """Return the webhook of a message, or of the echo of one, as Meta writes it."""
    fields: dict[str, object] = {"mid": message.mid, **message.more}
    fields.pop("quick_replies", None)  # An echo does not show them.
    if message.text or not message.more:
        fields["text"] = message.text
    from_account = message.sender == "account"
    if from_account:
        fields["is_echo"] = True
    item = _between((contact, from_account), message.at, {"message": fields})
    return _body(contact.account_id, now, {"messaging": [item]})


def item_body(
    account_id: str,
    field: str,
    fields: Mapping[str, object],
    parties: tuple[ContactKey, bool] | None,
    now: datetime,
) -> bytes:
    """Return the webhook of any other event between a contact and an account.

    `parties` are the contact, and whether the account acted; None names neither.
    """
    return _body(account_id, now, {field: [_between(parties, now, fields)]})


def change_body(account_id: str, field: str, value: Mapping[str, object], now: datetime) -> bytes:
    """Return the webhook of a public event."""
    return _body(account_id, now, {"changes": [{"field": field, "value": value}]})


def comment_value(
    contact: ContactKey, comment_id: str, text: str, *, is_live: bool
) -> dict[str, object]:
    """Return the value of a comment's webhook."""
    return {
        "id": comment_id,
        "text": text,
        "from": {"id": contact.psid, "username": username(contact.psid)},
        "media": {"id": "1", "media_product_type": "LIVE" if is_live else "FEED"},
    }


def _between(
    parties: tuple[ContactKey, bool] | None, at: datetime, fields: Mapping[str, object]
) -> dict[str, object]:
    item = {"timestamp": _milliseconds(at), **fields}
    if parties is None:
        return item
    contact, from_account = parties
    sender, recipient = contact.psid, contact.account_id
    if from_account:
        sender, recipient = recipient, sender
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, **item}


def _body(account_id: str, now: datetime, fields: Mapping[str, object]) -> bytes:
    entry = {"id": account_id, "time": _milliseconds(now), **fields}
    return json.dumps({"object": "instagram", "entry": [entry]}, separators=(",", ":")).encode()


def graph_message(
    contact: ContactKey, name: str, message: SandboxMessage, *, with_media: bool = False
) -> dict[str, object]:
    """Return a message as the Conversations API shows it, in whole seconds."""
    person = {"username": username(name), "id": contact.psid}
    account = {"username": account_username(contact.account_id), "id": contact.account_id}
    from_contact = message.sender == "contact"
    return {
        "id": message.mid,
        "created_time": graph_time(message.at),
        "from": person if from_contact else account,
        "to": {"data": [account if from_contact else person]},
        "message": message.text,
        **(_graph_media(message.more) if with_media else {}),
    }


def _graph_media(more: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for attachment in more.get("attachments", ()):
        kind, payload = attachment["type"], attachment.get("payload", {})
        url = payload.get("url", "")
        if kind in ("image", "video"):
            media = {"mime_type": f"{kind}/mp4", f"{kind}_data": {"url": url}}
            fields.setdefault("attachments", {"data": []})["data"].append(media)
        elif kind in ("audio", "file"):
            media = {"mime_type": f"{kind}/mp4", "file_url": url}
            fields.setdefault("attachments", {"data": []})["data"].append(media)
        elif kind == "share":
            fields["shares"] = {"data": [{"link": url, "name": payload.get("title", "")}]}
        elif kind == "story_mention":
            fields["story"] = {"mention": {"link": url, "id": "1"}}
    story = more.get("reply_to", {}).get("story")
    if story is not None:
        fields["story"] = {"reply_to": {"link": story["url"], "id": story["id"]}}
    return fields


def graph_time(instant: datetime) -> str:
    """Format an instant as the Graph API does."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S+0000")


def username(name: str) -> str:
    """Derive a username from a display name."""
    return name.lower().replace(" ", "_")


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)
