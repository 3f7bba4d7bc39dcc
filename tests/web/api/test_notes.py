from typing import Any

import pytest
from flask.testing import FlaskClient

from moca.core.messages.command import Done
from moca.core.messages.operators import AddNote, RemoveNote
from moca.storage.db.operator_tables import Mention, Note, Operator
from moca.storage.db.tables import Conversation
from tests.web.auth.test_login import an_operator
from tests.web.conftest import Backend
from tests.web.rows import AT, a_contact, a_conversation

HERE = "/api/conversations/1/notes"
TEXT = "@Ada Look at the refund."


def a_note(conversation: Conversation, *mentioned: Operator, text: str = TEXT) -> Note:
    note = Note.create(conversation=conversation, author="token", text=text, created_at=AT)
    for each in mentioned:
        Mention.create(note=note, operator=each, conversation=conversation)
    return note


def shown(*mentions: str, number: str = "1") -> dict[str, Any]:
    return {
        "id": number,
        "author": "token",
        "text": TEXT,
        "mentions": list(mentions),
        "created_at": "2026-11-22T12:00:00Z",
    }


def test_notes_are_listed_with_whom_they_mention(client: FlaskClient) -> None:
    conversation = a_conversation()
    a_note(conversation, an_operator("ada"), an_operator("Ben"))
    a_note(conversation)

    assert client.get(HERE).get_json() == {"items": [shown("Ben", "ada"), shown(number="2")]}
    assert client.get("/api/conversations/2/notes").status_code == 404


def test_a_note_is_added(client: FlaskClient, backend: Backend) -> None:
    conversation = a_conversation()
    backend.answer = lambda _command: Done(a_note(conversation, an_operator("ada")).id)

    answer = client.post(HERE, json={"text": f" {TEXT}\n"})

    assert (answer.status_code, answer.get_json()) == (201, shown("ada"))
    assert backend.commands == [AddNote(1, "token", TEXT, AT)]
    assert backend.audited == [("token", "added a note", "conversation 1")]


@pytest.mark.parametrize(
    "text", [None, "", " \n", "x" * 4001, "NUL\x00", "\ud800", 7, ["@ada"]], ids=repr
)
def test_odd_notes_are_refused(
    client: FlaskClient, backend: Backend, text: int | list[str] | str | None
) -> None:
    a_conversation()

    answer = client.post(HERE, json={"text": text})

    assert (answer.status_code, backend.commands) == (422, [])
    assert answer.get_json()["error"]["message"].startswith("text")


def test_a_note_is_removed_from_its_own_conversation_only(
    client: FlaskClient, backend: Backend
) -> None:
    conversation = a_conversation()
    a_conversation(a_contact(psid="701"))
    a_note(conversation)

    assert client.delete("/api/conversations/2/notes/1").status_code == 404
    assert client.delete(f"{HERE}/{'9' * 30}").status_code == 404
    assert backend.commands == []

    answer = client.delete(f"{HERE}/1")
    assert (answer.status_code, answer.get_json()) == (200, {"id": "1", "removed": True})
    assert backend.commands == [RemoveNote(1)]
