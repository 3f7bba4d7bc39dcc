import pytest
from flask.testing import FlaskClient

from moca.core.content.content import Content
from moca.core.messages.command import Done
from moca.core.messages.replies import QueueReply
from moca.core.types import Author
from tests.web.conftest import Backend
from tests.web.rows import AT, a_conversation, a_question, a_reply


def test_an_operator_answers_a_comment_in_private(client: FlaskClient, backend: Backend) -> None:
    conversation = a_conversation()
    a_question(conversation, "c1", kind="comment")
    backend.answer = lambda _: Done(a_reply(conversation).id)

    body = {"text": "come by", "comment": "c1"}
    assert client.post("/api/conversations/1/messages", json=body).status_code == 202
    told = QueueReply(
        1,
        (),
        Content(text="come by"),
        AT,
        Author.OPERATOR,
        comment_id="c1",
        author_name="API",
        hold=True,
    )
    assert backend.commands == [told]


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({}, "comment: is not a comment"),
        ({"reply_to": "m1"}, "reply_to: cannot be combined with comment_id"),
    ],
)
def test_only_a_comment_is_answered_in_private(
    client: FlaskClient, backend: Backend, more: dict[str, str], because: str
) -> None:
    a_question(a_conversation())
    body = {"text": "come by", "comment": "m1", **more}
    answer = client.post("/api/conversations/1/messages", json=body)
    assert (answer.status_code, answer.get_json()["error"]["message"]) == (422, because)
    assert backend.commands == []
