from typing import Any

import pytest

from moca.core.content.content import Button, Card, Content, Media, QuickReply, Reaction
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import ContactKey
from moca.instagram.request_bodies import message_body

MAYA = ContactKey("17841400000000001", "28978671838402975")

SHOP = Button(title="Shop", url="https://example.com/shop")
PRICES = Button(title="Prices", payload="PRICES")
WEB_URL = {"type": "web_url", "url": "https://example.com/shop", "title": "Shop"}
POSTBACK = {"type": "postback", "title": "Prices", "payload": "PRICES"}
PICTURE = Media(type="image", url="https://example.com/cat.png")


def attachment(kind: str, **payload: list[dict[str, Any]] | str) -> dict[str, Any]:
    return {"message": {"attachment": {"type": kind, "payload": payload}}}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (Content(text="hi"), {"message": {"text": "hi"}}),
        (Content(media=PICTURE), attachment("image", url=PICTURE.url)),
        (Content(is_heart=True), {"message": {"attachment": {"type": "like_heart"}}}),
        (
            Content(text="?", quick_replies=(QuickReply(title="A", payload="P"),)),
            {
                "messaging_type": "RESPONSE",
                "message": {
                    "text": "?",
                    "quick_replies": [{"content_type": "text", "title": "A", "payload": "P"}],
                },
            },
        ),
        (
            Content(
                cards=(
                    Card(
                        title="Tea",
                        subtitle="green",
                        image_url="https://example.com/tea.png",
                        url="https://example.com/tea",
                        buttons=(SHOP, PRICES),
                    ),
                )
            ),
            attachment(
                "template",
                template_type="generic",
                elements=[
                    {
                        "title": "Tea",
                        "subtitle": "green",
                        "image_url": "https://example.com/tea.png",
                        "default_action": {"type": "web_url", "url": "https://example.com/tea"},
                        "buttons": [WEB_URL, POSTBACK],
                    }
                ],
            ),
        ),
        (
            Content(text="look", buttons=(SHOP, PRICES)),
            attachment(
                "template", template_type="button", text="look", buttons=[WEB_URL, POSTBACK]
            ),
        ),
        (
            Content(text="that", reply_to_mid="m1"),
            {"message": {"text": "that"}, "reply_to": {"mid": "m1"}},
        ),
        (
            Content(reaction=Reaction(mid="m1", emoji="love")),
            {"sender_action": "react", "payload": {"message_id": "m1", "reaction": "love"}},
        ),
        (
            Content(reaction=Reaction(mid="m1")),
            {"sender_action": "unreact", "payload": {"message_id": "m1"}},
        ),
    ],
    ids=str,
)
def test_each_way_to_send_has_metas_shape(content: Content, body: dict[str, Any]) -> None:
    assert message_body(MAYA, content, DIRECT) == {"recipient": {"id": MAYA.psid}, **body}


def test_a_private_reply_names_the_comment_instead_of_the_person() -> None:
    assert message_body(MAYA, Content(text="hi"), ReplyAddress(comment_id="c1")) == {
        "recipient": {"comment_id": "c1"},
        "message": {"text": "hi"},
    }


def test_a_late_reply_is_a_human_agents() -> None:
    assert message_body(MAYA, Content(text="hi"), ReplyAddress(is_late=True)) == {
        "recipient": {"id": MAYA.psid},
        "message": {"text": "hi"},
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
    }
