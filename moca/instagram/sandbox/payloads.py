import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moca.core.types import ContactKey
from moca.instagram.sandbox.threads import SandboxMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def webhook_body(contact: ContactKey, message: SandboxMessage, now: datetime) -> bytes:
    """Write the webhook that tells a message, or the echo of one, as Meta does."""
    told: dict[str, Any] = {"mid": message.mid, **message.more}
    told.pop("quick_replies", None)  # An echo does not show them.
    if message.text or not message.more:
        told["text"] = message.text
    from_account = message.sender == "account"
    if from_account:
        told["is_echo"] = True
    item = _between((contact, from_account), message.at, {"message": told})
    return _body(contact.account_id, now, {"messaging": [item]})


def item_body(
    account_id: str,
    field: str,
    told: Mapping[str, Any],
    parties: tuple[ContactKey, bool] | None,
    now: datetime,
) -> bytes:
    """Write the webhook that tells anything else between a person and an account.

    `parties` are the person, and whether the account did it; without them none is named.
    """
    return _body(account_id, now, {field: [_between(parties, now, told)]})


def change_body(account_id: str, field: str, value: Mapping[str, Any], now: datetime) -> bytes:
    """Write the webhook that tells something that happened in public."""
    return _body(account_id, now, {"changes": [{"field": field, "value": value}]})


def comment_value(
    contact: ContactKey, comment_id: str, text: str, *, is_live: bool
) -> dict[str, Any]:
    """Write what a webhook tells of a comment."""
    return {
        "id": comment_id,
        "text": text,
        "from": {"id": contact.psid, "username": username(contact.psid)},
        "media": {"id": "1", "media_product_type": "LIVE" if is_live else "FEED"},
    }


def _between(
    parties: tuple[ContactKey, bool] | None, at: datetime, told: Mapping[str, Any]
) -> dict[str, Any]:
    item = {"timestamp": _milliseconds(at), **told}
    if parties is None:
        return item
    contact, from_account = parties
    sender, recipient = contact.psid, contact.account_id
    if from_account:
        sender, recipient = recipient, sender
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, **item}


def _body(account_id: str, now: datetime, told: Mapping[str, Any]) -> bytes:
    entry = {"id": account_id, "time": _milliseconds(now), **told}
    return json.dumps({"object": "instagram", "entry": [entry]}, separators=(",", ":")).encode()


def graph_message(
    contact: ContactKey, name: str, message: SandboxMessage, *, with_media: bool = False
) -> dict[str, Any]:
    """Write a message as the Conversations API tells it, in whole seconds."""
    person = {"username": username(name), "id": contact.psid}
    account = {"username": "the_account", "id": contact.account_id}
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
    told: dict[str, Any] = {}
    for attachment in more.get("attachments", ()):
        kind, payload = attachment["type"], attachment.get("payload", {})
        url = payload.get("url", "")
        if kind in ("image", "video"):
            media = {"mime_type": f"{kind}/mp4", f"{kind}_data": {"url": url}}
            told.setdefault("attachments", {"data": []})["data"].append(media)
        elif kind in ("audio", "file"):
            media = {"mime_type": f"{kind}/mp4", "file_url": url}
            told.setdefault("attachments", {"data": []})["data"].append(media)
        elif kind == "share":
            told["shares"] = {"data": [{"link": url, "name": payload.get("title", "")}]}
        elif kind == "story_mention":
            told["story"] = {"mention": {"link": url, "id": "1"}}
    story = more.get("reply_to", {}).get("story")
    if story is not None:
        told["story"] = {"reply_to": {"link": story["url"], "id": story["id"]}}
    return told


def graph_time(instant: datetime) -> str:
    """Write an instant as the Graph API does."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S+0000")


def username(name: str) -> str:
    """Make the name by which a person is found out of the one by which they are called."""
    return name.lower().replace(" ", "_")


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)
