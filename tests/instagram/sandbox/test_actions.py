"""The sandbox can send every kind of event, each as Meta writes it."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from flask import Flask

from moca.core.content.attachments import Attachment, ReceivedContent, Story
from moca.core.inbound.event_rules import RULES
from moca.core.inbound.events import (
    Deletion,
    Echo,
    Edit,
    Event,
    InboundMessage,
    OtherEvent,
    ThreadControl,
)
from moca.instagram.events import read_webhook
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.actions import Does, SandboxAction, perform
from moca.instagram.sandbox.control_routes import control_blueprint
from moca.instagram.sandbox.instagram import SandboxInstagram
from tests.support.values import of_kind

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACCOUNT = "17841400000000001"

EXPECTED = {
    "write": (InboundMessage, "message"),
    "attach": (InboundMessage, "message"),
    "share": (InboundMessage, "message"),
    "mention_in_story": (InboundMessage, "message"),
    "send_ephemeral": (InboundMessage, "message"),
    "send_unsupported": (InboundMessage, "message"),
    "answer": (InboundMessage, "message"),
    "answer_story": (InboundMessage, "message"),
    "choose": (InboundMessage, "message"),
    "click_ad": (InboundMessage, "message"),
    "tap": (InboundMessage, "postback"),
    "follow_link": (OtherEvent, "referral"),
    "react": (OtherEvent, "reaction"),
    "unreact": (OtherEvent, "reaction"),
    "read": (OtherEvent, "read"),
    "edit": (Edit, "edit"),
    "hint": (Edit, "edit"),
    "unsend": (Deletion, "deletion"),
    "opt_in": (OtherEvent, "optin"),
    "write_in_standby": (InboundMessage, "standby"),
    "write_by_hand": (Echo, "echo"),
    "unsend_by_hand": (Deletion, "deletion"),
    "write_to_self": (OtherEvent, "self"),
    "pass_thread": (ThreadControl, "handover"),
    "take_thread": (ThreadControl, "handover"),
    "request_thread": (OtherEvent, "handover"),
    "comment": (InboundMessage, "comment"),
    "comment_live": (InboundMessage, "live_comment"),
    "mention": (OtherEvent, "mention"),
}


class RecordedSandbox:
    """A sandbox whose webhooks are recorded."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        accounts = SandboxAccounts(ACCOUNT, "token")
        self.instagram = SandboxInstagram(accounts, self.bodies.append, now=lambda: NOON)

    def does(self, does: str, **more: Any) -> str:
        return perform(self.instagram, SandboxAction(does=does, psid="7", **more))

    def told(self) -> list[Event]:
        return [event for body in self.bodies for event in read_webhook(body, live=True)]


@pytest.fixture
def stage() -> RecordedSandbox:
    return RecordedSandbox()


def kind_of(event: Event) -> str:
    if isinstance(event, Echo):
        return "echo"
    if isinstance(event, InboundMessage):
        return "standby" if event.is_standby else event.kind
    return event.kind if isinstance(event, OtherEvent) else event.event.kind


def test_every_act_is_known_and_every_kind_can_be_sent() -> None:
    assert set(EXPECTED) | {"write_unheard"} == set(get_args(Does))
    assert {kind for _, kind in EXPECTED.values()} == set(RULES) - {"unknown"}


@pytest.mark.parametrize(("does", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_an_act_is_told_as_what_it_is(
    stage: RecordedSandbox, does: str, expected: tuple[object, str]
) -> None:
    mid = stage.does("write", text="first")
    stage.bodies.clear()
    stage.does(does, text="hi", mid=mid)
    (event,) = stage.told()
    assert (type(event), kind_of(event)) == expected


def test_what_comes_with_a_message_is_told(stage: RecordedSandbox) -> None:
    stage.does("share", text="a post", url="https://x/1")
    stage.does("answer_story", text="wow", url="https://x/2")
    post = Attachment(type="ig_post", url="https://x/1", title="a post", id="1")
    assert [of_kind(event, InboundMessage).received for event in stage.told()] == [
        ReceivedContent(attachments=(post,)),
        ReceivedContent(story=Story(id="1", url="https://x/2")),
    ]


def test_an_edit_changes_the_record_and_counts(stage: RecordedSandbox) -> None:
    mid = stage.does("write", text="coffee")
    stage.does("edit", mid=mid, text="milk")
    stage.does("edit", mid=mid, text="tea")
    assert [message.text for message in stage.instagram.thread("7")] == ["tea"]
    assert [of_kind(event, Edit).number for event in stage.told()[1:]] == [1, 2]


def test_an_unsent_message_is_gone_from_the_record(stage: RecordedSandbox) -> None:
    mid = stage.does("write", text="oops")
    stage.does("unsend", mid=mid)
    assert stage.instagram.thread("7") == ()


def test_a_message_unheard_is_in_the_record_alone(stage: RecordedSandbox) -> None:
    mid = stage.does("write_unheard", text="hello?")
    assert stage.bodies == []
    assert [message.mid for message in stage.instagram.thread("7")] == [mid]
    stage.does("hint", mid=mid)
    item = json.loads(stage.bodies[0])["entry"][0]["messaging"][0]
    assert "sender" not in item
    assert item["message_edit"] == {"mid": mid, "num_edit": 0}


def test_another_process_can_have_it_done(stage: RecordedSandbox) -> None:
    app = Flask(__name__)
    app.register_blueprint(control_blueprint(stage.instagram))
    client = app.test_client()
    answer = client.post("/sandbox/act", json={"does": "tap", "psid": "7", "text": "Prices"})
    assert (answer.status_code, of_kind(stage.told()[0], InboundMessage).mid) == (
        200,
        answer.get_json()["mid"],
    )
    assert client.post("/sandbox/act", json={"does": "dance", "psid": "7"}).status_code == 400
