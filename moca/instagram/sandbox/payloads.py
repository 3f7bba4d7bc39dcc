import json
from datetime import UTC, datetime, timedelta
from typing import Any

from moca.core.contact import ContactKey
from moca.instagram.sandbox.threads import SandboxMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def webhook_body(contact: ContactKey, message: SandboxMessage, now: datetime) -> bytes:
    """Write the webhook that tells a message, or the echo of one, as Meta does."""
    told: dict[str, Any] = {"mid": message.mid, "text": message.text}
    sender, recipient = contact.psid, contact.account_id
    if message.sender == "account":
        told["is_echo"] = True
        sender, recipient = recipient, sender
    item = {
        "sender": {"id": sender},
        "recipient": {"id": recipient},
        "timestamp": _milliseconds(message.at),
        "message": told,
    }
    entry = {"id": contact.account_id, "time": _milliseconds(now), "messaging": [item]}
    return json.dumps({"object": "instagram", "entry": [entry]}, separators=(",", ":")).encode()


def graph_message(contact: ContactKey, name: str, message: SandboxMessage) -> dict[str, Any]:
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
    }


def graph_time(instant: datetime) -> str:
    """Write an instant as the Graph API does."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S+0000")


def username(name: str) -> str:
    """Make the name by which a person is found out of the one by which they are called."""
    return name.lower().replace(" ", "_")


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)
