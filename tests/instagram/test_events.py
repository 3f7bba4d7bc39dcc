import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from moca.core.content.attachments import Attachment, ReceivedContent, Referral, Story
from moca.core.inbound.events import Echo, InboundMessage, OtherEvent
from moca.core.types import ContactKey
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import read_webhook

PAYLOADS = Path(__file__).parent / "payloads"
MAYA = ContactKey("17841400000000001", "28978671838402975")
THE_MOMENT = datetime(2025, 11, 24, 16, 0, 0, 123000, tzinfo=UTC)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def inbound(mid: str = "m", sent_at: datetime = THE_MOMENT, **known: Any) -> InboundMessage:
    return InboundMessage(contact=MAYA, mid=mid, sent_at=sent_at, **known)


def test_the_sample_that_everyone_tries_first_is_one_message() -> None:
    assert read_webhook(payload("sample_everyone_tries"), live=True) == (
        InboundMessage(
            contact=ContactKey("123456789", "user_psid_123"),
            mid="message_id_789",
            text="Hello, I need help with my website",
            sent_at=datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC),
        ),
    )


def attached(type: str, **known: Any) -> ReceivedContent:
    """Return the content of a message with one attachment."""
    return ReceivedContent(attachments=(Attachment(type=type, **known),))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text", inbound(mid="aWdfTEST1", text="café \U0001f600")),
        ("list_wrapped", inbound(mid="aWdfTEST1", text="hi")),
        (
            "image",
            inbound(type="image", received=attached("image", url="https://lookaside.example/1")),
        ),
        ("ephemeral", inbound(type="ephemeral", received=attached("ephemeral"))),
        ("unsupported", inbound(type="unsupported")),
        (
            "unsupported_type",
            inbound(type="unsupported", received=attached("unsupported_type")),
        ),
        (
            "share_and_ig_post",
            inbound(type="ig_post", received=attached("ig_post", url="u", title="t", id="1")),
        ),
        (
            "story_mention",
            inbound(type="story_mention", received=attached("story_mention", url="u")),
        ),
        ("attachment_not_invented_yet", inbound(type="hologram", received=attached("hologram"))),
        ("inline_reply", inbound(text="x", received=ReceivedContent(reply_to_mid="older"))),
        (
            "story_reply",
            inbound(
                text="x", type="story_reply", received=ReceivedContent(story=Story(id="s", url="u"))
            ),
        ),
        (
            "quick_reply",
            inbound(text="Prices", type="quick_reply", received=ReceivedContent(payload="PRICES")),
        ),
        (
            "ad_click",
            inbound(
                text="x",
                received=ReceivedContent(
                    referral=Referral(
                        ref="r", source="ADS", type="OPEN_THREAD", ad_id="1", ad_title="t"
                    )
                ),
            ),
        ),
        ("ids_as_numbers", inbound(text="hi", mid="12345678901234567890123")),
        ("entry_without_id", inbound(text="hi")),
    ],
)
def test_what_a_contact_wrote_is_a_message(name: str, message: InboundMessage) -> None:
    assert read_webhook(payload(name), live=True) == (message,)


@pytest.mark.parametrize("name", ["postback", "postback_in_changes"])
def test_a_tapped_button_is_a_message_with_its_title_and_payload(name: str) -> None:
    sent_at = datetime(2025, 11, 24, 16, 0, 9, 250000, tzinfo=UTC)
    (tap,) = read_webhook(payload(name), live=True)
    assert tap == inbound(
        mid="aWdfTEST3",
        kind="postback",
        text="Prices",
        received=ReceivedContent(payload="PRICES"),
        sent_at=sent_at,
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("echo", {"text": "hello"}),
        ("echo_without_its_flag", {"text": "hello"}),
        ("echo_template", {"type": "template", "received": attached("template")}),
    ],
)
def test_what_the_account_wrote_is_an_echo_to_its_contact(name: str, told: dict[str, Any]) -> None:
    sent_at = datetime(2025, 11, 24, 16, 0, 1, 400000, tzinfo=UTC)
    assert read_webhook(payload(name), live=True) == (
        Echo(contact=MAYA, mid="aWdfTEST2", sent_at=sent_at, **told),
    )


def test_a_message_in_standby_is_another_apps_to_answer() -> None:
    (message,) = read_webhook(payload("standby"), live=True)
    assert message == inbound(
        mid="aWdfTEST4",
        text="hi",
        sent_at=datetime(2025, 11, 24, 16, 0, 9, 350000, tzinfo=UTC),
        unanswerable="another app controls the thread",
        is_standby=True,
    )


@pytest.mark.parametrize("name", ["dashboard_test", "dashboard_test_messenger"])
@pytest.mark.parametrize(
    ("live", "unanswerable"),
    [(True, "a test message from Meta's dashboard"), (False, None)],
)
def test_metas_dashboard_test_is_not_answered_in_live_mode(
    name: str, live: bool, unanswerable: str | None
) -> None:
    (message,) = read_webhook(payload(name), live=live)
    assert message == InboundMessage(
        contact=ContactKey("0", "12334"),
        mid="random_mid",
        text="random_text",
        sent_at=datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC),
        unanswerable=unanswerable,
    )


def test_empty_entries_tell_nothing() -> None:
    assert read_webhook(payload("empty_entries"), live=True) == ()


def test_every_item_of_every_entry_is_read_in_order() -> None:
    entries = [
        json.loads(payload(name))["entry"][0] for name in ("mention", "text", "echo", "image")
    ]
    body = json.dumps({"object": "instagram", "entry": entries}).encode()
    kinds = [type(event) for event in read_webhook(body, live=True)]
    assert kinds == [OtherEvent, InboundMessage, Echo, InboundMessage]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"hello", b'{"a":}', b"[" * 100_000])
def test_what_is_not_json_says_so(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_webhook(body, live=True)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"5", b"null", b'"instagram"', b'{"object":"page","entry":[]}']
)
def test_what_is_not_instagrams_says_so(body: bytes) -> None:
    with pytest.raises(NotInstagram):
        read_webhook(body, live=True)
