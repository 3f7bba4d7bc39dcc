from datetime import UTC, datetime
from pathlib import Path

import pytest

from moca.core.content.attachments import ReceivedContent
from moca.core.inbound.events import (
    Deletion,
    Edit,
    Event,
    InboundMessage,
    OtherEvent,
    ThreadControl,
)
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from tests.support.values import only

PAYLOADS = Path(__file__).parent / "payloads"
MAYA = ContactKey("17841400000000001", "28978671838402975")


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def event_of(told: Event) -> OtherEvent:
    if isinstance(told, OtherEvent):
        return told
    assert isinstance(told, Deletion | Edit | ThreadControl)
    return told.event


@pytest.mark.parametrize(
    ("name", "kind", "contact", "mid", "detail"),
    [
        ("deletion", "deletion", MAYA, "aWdfTEST1", {"by": "contact"}),
        ("echo_deleted", "deletion", MAYA, "aWdfTEST2", {"by": "account"}),
        ("self_message", "self", ContactKey(MAYA.account_id, "555"), "m", {}),
        ("self_postback", "self", MAYA, "m", {}),
        ("edit_zero", "edit", None, "aWdfTEST1", {"num_edit": "0"}),
        ("edit", "edit", MAYA, "aWdfTEST1", {"num_edit": "1", "text": "tea"}),
        (
            "reaction",
            "reaction",
            MAYA,
            "aWdfTEST2",
            {"action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"},
        ),
        ("unreact", "reaction", MAYA, "aWdfTEST2", {"action": "unreact"}),
        ("read", "read", MAYA, "aWdfTEST2", {}),
        (
            "referral",
            "referral",
            MAYA,
            None,
            {"ref": "r", "source": "ig.me", "type": "OPEN_THREAD"},
        ),
        ("optin", "optin", MAYA, None, {"type": "notification_messages", "payload": "P"}),
        (
            "take_thread_control",
            "handover",
            MAYA,
            None,
            {
                "what": "take_thread_control",
                "previous_owner_app_id": "1",
                "new_owner_app_id": "2",
            },
        ),
        ("app_roles", "handover", None, None, {"what": "app_roles"}),
        ("mention", "mention", None, None, {"media_id": "1", "comment_id": "2"}),
        (
            "something_new",
            "unknown",
            MAYA,
            None,
            {"keys": "hologram_started recipient sender timestamp"},
        ),
    ],
)
def test_everything_else_is_named_by_its_kind(
    name: str, kind: str, contact: ContactKey | None, mid: str | None, detail: dict[str, str]
) -> None:
    (told,) = read_webhook(payload(name), live=True)
    event = event_of(told)
    assert (event.kind, event.contact, event.mid) == (kind, contact, mid)
    assert event.account_id == MAYA.account_id
    assert dict(event.detail) == detail


def test_a_token_is_not_kept_in_readable_form() -> None:
    optin = b'"optin":{"type":"notification_messages","notification_messages_token":"secret"}'
    body = payload("optin").replace(b'"optin"', b'"was"')
    body = body[: body.index(b'"was"')] + optin + b"}]}]}"
    event = only(read_webhook(body, live=True), OtherEvent)
    assert dict(event.detail) == {"type": "notification_messages"}


@pytest.mark.parametrize(
    ("name", "app_id", "is_ours"),
    [
        ("pass_thread_control", "", True),
        ("pass_thread_control", "2", True),
        ("pass_thread_control", "1", False),
        ("take_thread_control", "", False),
        ("take_thread_control", "1", False),
        ("take_thread_control", "2", True),
    ],
)
def test_who_holds_a_thread_is_told_by_the_app_or_else_by_the_kind(
    name: str, app_id: str, is_ours: bool
) -> None:
    control = only(read_webhook(payload(name), live=True, app_id=app_id), ThreadControl)
    assert (control.contact, control.is_ours) == (MAYA, is_ours)


def test_a_request_for_a_thread_turns_nothing_over() -> None:
    event = only(read_webhook(payload("request_thread_control"), live=True), OtherEvent)
    assert event.kind == "handover"


@pytest.mark.parametrize("answer_comments", [True, False])
@pytest.mark.parametrize(
    ("name", "kind", "text", "media_id", "username"),
    [
        ("comment_flat", "comment", "nice", "m1", "u"),
        ("comment_in_changes", "comment", "hi", None, None),
        ("live_comment", "live_comment", "hi", None, None),
    ],
)
def test_a_comment_is_a_contacts_words(
    name: str,
    kind: str,
    text: str,
    media_id: str | None,
    username: str | None,
    answer_comments: bool,
) -> None:
    because = "comments are not answered: instagram.answer_comments is off"
    assert read_webhook(payload(name), live=True, answer_comments=answer_comments) == (
        InboundMessage(
            contact=MAYA,
            mid="c1",
            kind=kind,
            text=text,
            username=username,
            received=ReceivedContent(media_id=media_id),
            unanswerable=None if answer_comments else because,
        ),
    )


def test_a_comment_may_call_its_id_comment_id() -> None:
    body = payload("comment_flat").replace(b'"id": "c1"', b'"comment_id": "c1"')
    comment = only(read_webhook(body, live=True), InboundMessage)
    assert comment.mid == "c1"


@pytest.mark.parametrize(
    "own", [b'"self_ig_scoped_id": "9", "id": "8"', b'"id": "17841400000000001"']
)
def test_our_own_comment_is_only_recorded(own: bytes) -> None:
    body = payload("comment_flat").replace(b'"id": "28978671838402975"', own)
    event = only(read_webhook(body, live=True, answer_comments=True), OtherEvent)
    assert (event.kind, dict(event.detail)["by"]) == ("comment", "account")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("reaction", (b'"react"', b'"unreact"')),
        ("reaction", (b"28978671838402975", b"28978671838402976")),
        ("reaction", (b"1764000009150", b"1764000009151")),
        ("edit", (b'"num_edit": 1', b'"num_edit": 2')),
        ("read", (b"aWdfTEST2", b"aWdfTEST3")),
        ("referral", (b'"r"', b'"s"')),
        ("mention", (b'"2"', b'"3"')),
    ],
)
def test_what_differs_in_something_that_counts_is_not_the_same_event(
    name: str, change: tuple[bytes, bytes]
) -> None:
    body = payload(name)
    assert change[0] in body
    (event,) = read_webhook(body, live=True)
    (again,) = read_webhook(body.replace(b'"time": 17', b'"time": 18'), live=True)
    (other,) = read_webhook(body.replace(*change), live=True)
    assert event_of(event).key == event_of(again).key != event_of(other).key


def test_an_edit_tells_the_whole_message_where_its_writer_is_named() -> None:
    edit = only(read_webhook(payload("edit"), live=True), Edit)
    sent_at = datetime(2025, 11, 24, 16, 0, 8, 900000, tzinfo=UTC)
    assert (edit.number, edit.text) == (1, "tea")
    assert edit.message == InboundMessage(
        contact=MAYA, mid="aWdfTEST1", text="tea", sent_at=sent_at
    )
    hint = only(read_webhook(payload("edit_zero"), live=True), Edit)
    assert (hint.number, hint.message) == (0, None)
