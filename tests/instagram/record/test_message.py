"""A message read by its id has the shape of its webhook."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, request

from moca.core.content.attachments import Attachment, ReceivedContent, Story
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import RecordUnreadable
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient
from moca.instagram.record.message import FetchedMessage
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from tests.instagram.conftest import Serve
from tests.support.factory import calls_at
from tests.support.values import of_kind

MAYA = ContactKey("17841400000000001", "28978671838402975")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERSELF = {"username": "maya", "id": MAYA.psid}
US = {"username": "shop", "id": MAYA.account_id}
SAID: dict[str, object] = {
    "id": "m",
    "created_time": "2026-11-22T12:00:00+0000",
    "from": HERSELF,
    "to": {"data": [US]},
    "message": "hi",
}
BACK: dict[str, object] = SAID | {"from": US, "to": {"data": [HERSELF]}}


def told(document: dict[str, object]) -> InboundMessage | Echo | None:
    return FetchedMessage.model_validate(document).as_event_of(MAYA.account_id, "m")


def test_what_a_contact_wrote_is_a_message() -> None:
    assert told(SAID) == InboundMessage(contact=MAYA, mid="m", text="hi", sent_at=NOON)


def test_what_the_account_wrote_is_an_echo() -> None:
    assert told(BACK) == Echo(contact=MAYA, mid="m", text="hi", sent_at=NOON)


@pytest.mark.parametrize("odd", [{"message": ""}, {"is_unsupported": True, "message": ""}])
def test_what_shows_no_text_is_unsupported(odd: dict[str, bool | str]) -> None:
    assert of_kind(told(SAID | odd), InboundMessage).type == "unsupported"


LINK = "https://lookaside.example/1"


@pytest.mark.parametrize(
    ("media", "kind", "received"),
    [
        (
            {"attachments": {"data": [{"mime_type": "image/jpeg", "image_data": {"url": LINK}}]}},
            "image",
            ReceivedContent(attachments=(Attachment(type="image", url=LINK),)),
        ),
        (
            {"attachments": {"data": [{"mime_type": "video/mp4", "video_data": {"url": LINK}}]}},
            "video",
            ReceivedContent(attachments=(Attachment(type="video", url=LINK),)),
        ),
        (
            {"attachments": {"data": [{"mime_type": "audio/mp4", "file_url": LINK}]}},
            "audio",
            ReceivedContent(attachments=(Attachment(type="audio", url=LINK),)),
        ),
        (
            {"attachments": {"data": [{"name": "a.pdf", "file_url": LINK, "image_data": 7}]}},
            "file",
            ReceivedContent(attachments=(Attachment(type="file", url=LINK, title="a.pdf"),)),
        ),
        (
            {"shares": {"data": [{"link": LINK, "name": "a post", "id": "5"}]}},
            "share",
            ReceivedContent(
                attachments=(Attachment(type="share", url=LINK, title="a post", id="5"),)
            ),
        ),
        (
            {"story": {"mention": {"link": LINK, "id": "5"}}},
            "story_mention",
            ReceivedContent(attachments=(Attachment(type="story_mention", url=LINK),)),
        ),
        (
            {"story": {"reply_to": {"link": LINK, "id": "5"}}},
            "story_reply",
            ReceivedContent(story=Story(id="5", url=LINK)),
        ),
        ({"attachments": 7, "shares": {"data": "x"}, "story": []}, "unsupported", None),
    ],
)
@pytest.mark.parametrize("document", [SAID, BACK], ids=["theirs", "ours"])
def test_media_are_seen_as_their_webhook_would_have_told_them(
    document: dict[str, Any], media: dict[str, Any], kind: str, received: ReceivedContent | None
) -> None:
    seen = told(document | media | {"message": ""})
    assert seen is not None
    assert (seen.type, seen.text, seen.received) == (kind, "", received)


def test_where_media_cannot_be_asked_for_the_text_is_read_without(serve: Serve) -> None:
    asked = []

    def answer(mid: str) -> dict[str, Any] | tuple[dict[str, Any], int]:
        asked.append(request.args["fields"])
        if "attachments" in asked[-1]:
            return {"error": {"code": 100, "message": "Tried accessing nonexisting field"}}, 400
        return SAID

    app = Flask(__name__)
    app.add_url_rule("/v26.0/<mid>", view_func=answer)
    with closing(GraphClient(calls_at(serve(app), lambda _account: "token"), 5)) as client:
        found = [client.message(MAYA.account_id, "m") for _ in range(2)]
    assert found == [InboundMessage(contact=MAYA, mid="m", text="hi", sent_at=NOON)] * 2
    assert [each.count("attachments") for each in asked] == [1, 0, 0]


@pytest.mark.parametrize(
    "odd", [{"id": "m"}, SAID | {"from": None}, BACK | {"to": 7}, BACK | {"to": {"data": []}}]
)
def test_a_message_of_nobody_is_none(odd: dict[str, Any]) -> None:
    assert told(odd) is None


def test_the_sandbox_tells_a_message_that_no_webhook_told(serve: Serve) -> None:
    accounts = SandboxAccounts(MAYA.account_id, "token")
    instagram = SandboxInstagram(accounts, lambda _body: None, now=lambda: NOON)
    app = Flask(__name__)
    app.register_blueprint(graph_blueprint(instagram))
    mid = instagram.write(MAYA.psid, "hello?", is_told=False)
    with closing(GraphClient(calls_at(serve(app), lambda _account: "token"), 5)) as client:
        found = client.message(MAYA.account_id, mid)
        missing = client.message(MAYA.account_id, "m9")
    assert found == InboundMessage(contact=MAYA, mid=mid, text="hello?", sent_at=NOON)
    assert isinstance(missing, RecordUnreadable)
