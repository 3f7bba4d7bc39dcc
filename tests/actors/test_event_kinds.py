"""Every kind of event through the whole system: what it opens, wakes and stores."""

from pathlib import Path

import pytest

from actors.config import web_config
from moca.core.inbound.event_rules import RULES
from moca.settings.sections import Settings
from moca.storage.db.tables import Contact, Event, Message
from tests.support.factory import NOON
from tests.support.system import SteppedSystem

PAYLOADS = Path(__file__).parents[1] / "instagram" / "payloads"

KINDS = {
    "text": "message",
    "image": "message",
    "attachment_not_invented_yet": "message",
    "share_and_ig_post": "message",
    "ephemeral": "message",
    "unsupported": "message",
    "unsupported_type": "message",
    "story_mention": "message",
    "story_reply": "message",
    "inline_reply": "message",
    "quick_reply": "message",
    "ad_click": "message",
    "postback": "postback",
    "postback_in_changes": "postback",
    "standby": "standby",
    "comment_flat": "comment",
    "comment_in_changes": "comment",
    "live_comment": "live_comment",
    "echo": "echo",
    "edit_zero": "edit",
    "deletion": "deletion",
    "echo_deleted": "deletion",
    "reaction": "reaction",
    "unreact": "reaction",
    "read": "read",
    "referral": "referral",
    "optin": "optin",
    "pass_thread_control": "handover",
    "take_thread_control": "handover",
    "request_thread_control": "handover",
    "app_roles": "handover",
    "mention": "mention",
    "self_message": "self",
    "self_postback": "self",
    "something_new": "unknown",
}
MESSAGES = {"message", "postback", "standby", "comment", "live_comment", "echo"}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def windows(system: SteppedSystem) -> list[object]:
    return [at for (at,) in system.rows(Contact.select(Contact.window_opened_at)) if at]


def kept(system: SteppedSystem) -> list[tuple[object, ...]]:
    messages = system.rows(Message.select(Message.kind).where(Message.author != "bot"))
    return messages + system.rows(Event.select(Event.kind))


def test_every_kind_with_a_rule_has_a_payload() -> None:
    assert set(KINDS.values()) == set(RULES)


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)
def test_a_kind_opens_the_window_and_wakes_the_bot_by_its_rule(
    system: SteppedSystem, name: str, kind: str
) -> None:
    system.receive_body(payload(name), answer_comments=True)
    assert windows(system) == ([NOON] if RULES[kind].opens_window else [])
    system.advance(60)

    assert len(system.instagram.reached) == int(RULES[kind].wakes_bot)


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)
def test_a_kind_is_stored_once_and_its_redelivery_is_counted(
    system: SteppedSystem, name: str, kind: str
) -> None:
    system.receive_body(payload(name))
    before = kept(system)
    system.receive_body(payload(name))
    system.advance(60)

    assert ("message" if kind in ("standby", "echo") else kind,) in before
    assert system.rows(Message.select().where(Message.role == "user"))[1:] == []
    if kind not in MESSAGES:
        assert system.rows(Event.select(Event.kind, Event.redeliveries)) == [(kind, 1)]


@pytest.mark.parametrize("name", ["comment_flat", "live_comment"])
def test_a_comment_is_not_answered_unless_the_settings_say_so(
    system: SteppedSystem, name: str
) -> None:
    system.receive_body(payload(name))
    system.advance(60)

    because = "comments are not answered: instagram.answer_comments is off"
    assert system.outcome("c1") == ("suppressed", because)
    assert system.instagram.reached == []


def test_the_settings_say_whether_comments_are_answered_and_which_app_is_ours() -> None:
    config = web_config(Settings(instagram={"answer_comments": True, "app_id": "2"}))
    assert (config.answer_comments, config.app_id) == (True, "2")


def test_what_came_with_a_message_is_kept(system: SteppedSystem) -> None:
    system.receive_body(payload("ad_click"))
    system.receive_body(payload("postback"))
    by_contact = Message.select(Message.content).where(Message.role == "user")
    stored = [text for (text,) in system.rows(by_contact.order_by(Message.id))]
    assert stored == [
        '{"referral":{"ref":"r","source":"ADS","type":"OPEN_THREAD","ad_id":"1","ad_title":"t"}}',
        '{"payload":"PRICES"}',
    ]


def test_a_dashboard_test_is_stored_and_not_answered(system: SteppedSystem) -> None:
    system.receive_body(payload("dashboard_test"))
    system.advance(60)
    assert system.outcome("random_mid")[0] == "suppressed"
    assert system.instagram.reached == []
