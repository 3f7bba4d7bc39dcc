from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from moca.core.content.content import Button, Card, Content, Media, QuickReply, Reaction
from moca.core.messages.command import Done
from moca.core.messages.replies import QueueReply
from moca.core.topics import Mode, TopicMode
from moca.core.types import Author
from tests.web.conftest import Backend
from tests.web.rows import AT, a_contact, a_conversation, a_question, a_reply


def written(content: Content, *, hold: bool) -> QueueReply:
    return QueueReply(1, (), content, AT, Author.OPERATOR, author_name="API", hold=hold)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (
            {"media": {"type": "image", "url": "https://example.com/a.png"}},
            Content(media=Media(type="image", url="https://example.com/a.png")),
        ),
        (
            {"text": "well?", "quick_replies": [{"title": "Yes", "payload": "YES"}]},
            Content(text="well?", quick_replies=(QuickReply(title="Yes", payload="YES"),)),
        ),
        (
            {"text": "see", "buttons": [{"title": "Shop", "url": "https://example.com"}]},
            Content(text="see", buttons=(Button(title="Shop", url="https://example.com"),)),
        ),
        (
            {"cards": [{"title": "Tea", "buttons": [{"title": "Buy", "payload": "TEA"}]}]},
            Content(cards=(Card(title="Tea", buttons=(Button(title="Buy", payload="TEA"),)),)),
        ),
        ({"heart": True}, Content(is_heart=True)),
        ({"text": "this", "reply_to": "m1"}, Content(text="this", reply_to_mid="m1")),
    ],
)
def test_an_operator_may_send_whatever_instagram_takes(
    client: FlaskClient, backend: Backend, body: dict[str, Any], content: Content
) -> None:
    conversation = a_conversation()
    a_question(conversation)
    backend.answer = lambda _: Done(a_reply(conversation).id)

    assert client.post("/api/conversations/1/messages", json=body).status_code == 202
    assert backend.commands == [written(content, hold=True)]


def test_a_draft_is_handed_over_as_one_that_waits(client: FlaskClient, backend: Backend) -> None:
    conversation = a_conversation()
    backend.answer = lambda _: Done(a_reply(conversation, "held").id)

    answer = client.post("/api/conversations/1/messages", json={"text": "At nine.", "draft": True})

    assert (answer.status_code, answer.get_json()["status"]) == (202, "held")
    drafted = replace(written(Content(text="At nine."), hold=False), author_name="API token")
    assert backend.commands == [replace(drafted, mode=TopicMode(Mode.DRAFT))]


@pytest.mark.parametrize("more", [{"hold": False}, {"scheduled_for": "2026-11-22T13:00:00Z"}])
def test_a_draft_goes_by_approval_alone(
    client: FlaskClient, backend: Backend, more: dict[str, bool | str]
) -> None:
    a_conversation()
    body = {"text": "At nine.", "draft": True, **more}
    answer = client.post("/api/conversations/1/messages", json=body)
    assert answer.status_code == 422
    assert "draft: cannot be combined" in answer.get_json()["detail"]
    assert backend.commands == []


def test_what_cannot_be_sent_is_refused_by_name(client: FlaskClient) -> None:
    a_conversation()
    body = {"text": "x", "quick_replies": [{"title": "y" * 21, "payload": "Y"}]}

    told = client.post("/api/conversations/1/messages", json=body).get_json()

    because = "quick_replies.0.title: must not be longer than 20 characters"
    assert told["error"] == {"code": "invalid", "message": because}


@pytest.mark.parametrize("emoji", ["love", "🎉", None])
def test_an_operator_puts_a_sign_on_a_message_and_takes_it_off(
    client: FlaskClient, backend: Backend, emoji: str | None
) -> None:
    conversation = a_conversation()
    a_question(conversation)
    backend.answer = lambda _: Done(a_reply(conversation, kind="reaction", text="").id)

    answer = client.post("/api/conversations/1/reactions", json={"mid": "m1", "emoji": emoji})

    assert (answer.status_code, answer.get_json()["kind"]) == (202, "reaction")
    content = Content(reaction=Reaction(mid="m1", emoji=emoji))
    assert backend.commands == [written(content, hold=False)]


@pytest.mark.parametrize(
    "body", [{}, {"mid": "m2"}, {"mid": ""}, {"mid": "m1", "emoji": ""}, {"mid": "m1", "by": "me"}]
)
def test_a_sign_on_nothing_is_refused(
    client: FlaskClient, backend: Backend, body: dict[str, str]
) -> None:
    a_question(a_conversation())
    a_question(a_conversation(a_contact("701")), "m2")

    answer = client.post("/api/conversations/1/reactions", json=body)

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "invalid")
    assert backend.commands == []
