import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moca.core.contact import ContactKey
from moca.core.webhook import Echo, InboundMessage, OtherEvent
from moca.instagram.body import NotInstagram, NotJson
from moca.instagram.events import read_webhook

PAYLOADS = Path(__file__).parent / "payloads"
MAYA = ContactKey("17841400000000001", "28978671838402975")
THE_MOMENT = datetime(2025, 11, 24, 16, 0, 0, 123000, tzinfo=UTC)


def payload(name):
    return (PAYLOADS / f"{name}.json").read_bytes()


def inbound(**known):
    return InboundMessage(**{"contact": MAYA, "mid": "m", "sent_at": THE_MOMENT} | known)


def test_the_sample_that_everyone_tries_first_is_one_message():
    assert read_webhook(payload("sample_everyone_tries"), live=True) == (
        InboundMessage(
            contact=ContactKey("123456789", "user_psid_123"),
            mid="message_id_789",
            text="Hello, I need help with my website",
            sent_at=datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text", inbound(mid="aWdfTEST1", text="café \U0001f600")),
        ("list_wrapped", inbound(mid="aWdfTEST1", text="hi")),
        ("image", inbound(type="image")),
        ("ephemeral", inbound(type="ephemeral")),
        ("unsupported", inbound(type="unsupported")),
        ("unsupported_type", inbound(type="unsupported")),
        ("share_and_ig_post", inbound(type="ig_post")),
        ("story_mention", inbound(type="story_mention")),
        ("attachment_not_invented_yet", inbound(type="hologram")),
        ("inline_reply", inbound(text="x")),
        ("story_reply", inbound(text="x")),
        ("quick_reply", inbound(text="Prices", type="quick_reply")),
        ("ad_click", inbound(text="x")),
        ("ids_as_numbers", inbound(text="hi", mid="12345678901234567890123")),
        ("entry_without_id", inbound(text="hi")),
    ],
)
def test_what_a_contact_wrote_is_a_message(name, message):
    assert read_webhook(payload(name), live=True) == (message,)


@pytest.mark.parametrize("name", ["postback", "postback_in_changes"])
def test_a_tapped_button_is_a_message_with_its_title(name):
    sent_at = datetime(2025, 11, 24, 16, 0, 9, 250000, tzinfo=UTC)
    assert read_webhook(payload(name), live=True) == (
        inbound(mid="aWdfTEST3", kind="postback", text="Prices", sent_at=sent_at),
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("echo", {"text": "hello"}),
        ("echo_without_its_flag", {"text": "hello"}),
        ("echo_template", {"type": "template"}),
    ],
)
def test_what_the_account_wrote_is_an_echo_to_its_contact(name, told):
    sent_at = datetime(2025, 11, 24, 16, 0, 1, 400000, tzinfo=UTC)
    assert read_webhook(payload(name), live=True) == (
        Echo(contact=MAYA, mid="aWdfTEST2", sent_at=sent_at, **told),
    )


@pytest.mark.parametrize(
    ("name", "kind", "contact"),
    [
        ("deletion", "deletion", MAYA),
        ("echo_deleted", "deletion", MAYA),
        ("self_message", "self", ContactKey(MAYA.account_id, "555")),
        ("self_postback", "self", MAYA),
        ("edit_zero", "edit", None),
        ("edit", "edit", MAYA),
        ("reaction", "reaction", MAYA),
        ("unreact", "reaction", MAYA),
        ("read", "read", MAYA),
        ("referral", "referral", MAYA),
        ("optin", "optin", MAYA),
        ("pass_thread_control", "handover", MAYA),
        ("take_thread_control", "handover", MAYA),
        ("request_thread_control", "handover", MAYA),
        ("app_roles", "handover", None),
        ("comment_flat", "comment", None),
        ("comment_in_changes", "comment", None),
        ("live_comment", "live_comment", None),
        ("mention", "mention", None),
    ],
)
def test_everything_else_is_named_by_its_kind(name, kind, contact):
    assert read_webhook(payload(name), live=True) == (OtherEvent(kind=kind, contact=contact),)


def test_a_message_in_standby_is_another_apps_to_answer():
    (message,) = read_webhook(payload("standby"), live=True)
    assert message == inbound(
        mid="aWdfTEST4",
        text="hi",
        sent_at=datetime(2025, 11, 24, 16, 0, 9, 350000, tzinfo=UTC),
        unanswerable="another app holds this thread",
    )


@pytest.mark.parametrize("name", ["dashboard_test", "dashboard_test_messenger"])
@pytest.mark.parametrize(
    ("live", "unanswerable"),
    [(True, "Meta's dashboard test is stored, never answered"), (False, None)],
)
def test_metas_dashboard_test_is_not_answered_in_live_mode(name, live, unanswerable):
    (message,) = read_webhook(payload(name), live=live)
    assert message == InboundMessage(
        contact=ContactKey("0", "12334"),
        mid="random_mid",
        text="random_text",
        sent_at=datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC),
        unanswerable=unanswerable,
    )


def test_empty_entries_tell_nothing():
    assert read_webhook(payload("empty_entries"), live=True) == ()


def test_every_item_of_every_entry_is_read_in_order():
    entries = [
        json.loads(payload(name))["entry"][0] for name in ("comment_flat", "text", "echo", "image")
    ]
    body = json.dumps({"object": "instagram", "entry": entries}).encode()
    kinds = [type(event) for event in read_webhook(body, live=True)]
    assert kinds == [OtherEvent, InboundMessage, Echo, InboundMessage]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"hello", b'{"a":}', b"[" * 100_000])
def test_what_is_not_json_says_so(body):
    with pytest.raises(NotJson):
        read_webhook(body, live=True)


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"5", b"null", b'"instagram"', b'{"object":"page","entry":[]}']
)
def test_what_is_not_instagrams_says_so(body):
    with pytest.raises(NotInstagram):
        read_webhook(body, live=True)
