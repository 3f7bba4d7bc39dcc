"""Unusual forms from Meta's documentation and other receivers' captures."""

import json
from typing import Any

import pytest

from moca.core.content.attachments import Attachment, ReceivedContent
from moca.core.inbound.events import Event, InboundMessage, OtherEvent
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from tests.support.values import only

ACCOUNT = "17841400000000001"
MAYA = ContactKey(ACCOUNT, "28978671838402975")


def read(
    *items: dict[str, Any], entry: dict[str, Any] | None = None, **fields: str
) -> tuple[Event, ...]:
    told = {"id": ACCOUNT, "messaging": list(items), **fields} if entry is None else entry
    body = json.dumps({"object": "instagram", "entry": [told]}).encode()
    return read_webhook(body, live=True)


def between(sender: str, recipient: str, **told: dict[str, Any]) -> dict[str, Any]:
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, **told}


def test_the_link_of_a_shared_story_is_kept() -> None:
    story = {"type": "ig_story", "payload": {"story_media_id": "1", "story_media_url": "https://s"}}
    message = {"mid": "m", "attachments": [story]}
    (event,) = read(between(MAYA.psid, ACCOUNT, message=message))
    assert event == InboundMessage(
        contact=MAYA,
        mid="m",
        type="ig_story",
        received=ReceivedContent(
            attachments=(Attachment(type="ig_story", url="https://s", id="1"),)
        ),
    )


def test_a_tap_whose_entry_names_the_contact_is_the_contacts() -> None:
    postback = {"mid": "m", "title": "Prices", "payload": "PRICES"}
    (event,) = read(between(MAYA.psid, ACCOUNT, postback=postback), id=MAYA.psid)
    assert event == InboundMessage(
        contact=MAYA,
        mid="m",
        kind="postback",
        text="Prices",
        received=ReceivedContent(payload="PRICES"),
    )


@pytest.mark.parametrize("kind", ["referral", "optin"])
def test_what_only_a_contact_does_is_the_contacts_even_where_the_entry_names_them(
    kind: str,
) -> None:
    event = only(
        read(between(MAYA.psid, ACCOUNT, **{kind: {"ref": "r"}}), id=MAYA.psid), OtherEvent
    )
    assert (event.kind, event.contact, event.account_id) == (kind, MAYA, ACCOUNT)


@pytest.mark.parametrize(
    "item",
    [
        {"sender": {"user_ref": "r"}, "recipient": {"id": ACCOUNT}, "message": {"mid": "m"}},
        {"sender": MAYA.psid, "recipient": {"id": ACCOUNT}, "message": {"mid": "m", "text": "x"}},
        {"sender": {"id": ACCOUNT}, "message": {"mid": "m", "is_echo": True, "text": "x"}},
        {"recipient": {"id": ACCOUNT}, "postback": {"mid": "m", "title": "Prices"}},
    ],
    ids=["user_ref", "a sender that is a text", "an echo to nobody", "a tap of nobody"],
)
def test_what_names_no_contact_is_recorded_as_unknown(item: dict[str, Any]) -> None:
    event = only(read(item), OtherEvent)
    assert (type(event), event.kind, event.contact) == (OtherEvent, "unknown", None)
    assert (event.account_id, event.mid) == (ACCOUNT, "m")
    assert event.key
    assert dict(event.detail) == {"keys": " ".join(sorted(item))}


def test_an_entry_of_a_form_not_known_is_recorded_as_unknown() -> None:
    event = only(read(entry={"id": ACCOUNT, "time": 1, "changed_fields": ["feed"]}), OtherEvent)
    assert (event.kind, event.account_id) == ("unknown", ACCOUNT)
    assert dict(event.detail) == {"keys": "changed_fields id time"}


def test_an_entry_without_items_holds_nothing() -> None:
    assert read() == ()
    assert read(entry={"id": ACCOUNT, "time": 1}) == ()


def test_a_message_of_an_account_to_itself_needs_no_mark() -> None:
    event = only(
        read(between(ACCOUNT, ACCOUNT, message={"mid": "m", "text": "a note"})), OtherEvent
    )
    assert (event.kind, event.mid) == ("self", "m")
