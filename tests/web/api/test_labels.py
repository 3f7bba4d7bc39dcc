from typing import Any

import pytest
from flask.testing import FlaskClient

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.labels import (
    AddLabel,
    ChangeLabel,
    LabelColour,
    LabelConversation,
    RemoveLabel,
)
from moca.storage.db.operator_tables import ConversationLabel, Label, Operator
from moca.storage.db.tables import Conversation
from tests.web.conftest import Backend
from tests.web.rows import AT, a_contact, a_conversation, assigned

HERE = "/api/labels"
RED = LabelColour.RED
REFUND = {"name": "Refund", "colour": "red"}


def a_label(name: str = "Refund", colour: str = "red", of: Conversation | None = None) -> Label:
    label = Label.create(name=name, folded_name=name.lower(), colour=colour)
    if of is not None:
        ConversationLabel.create(conversation=of, label=label, last_activity_at=AT)
    return label


def test_labels_are_listed_by_name(client: FlaskClient) -> None:
    a_label("VIP", "grey")
    a_label()

    assert client.get(HERE).get_json() == {
        "items": [{"id": 2, **REFUND}, {"id": 1, "name": "VIP", "colour": "grey"}]
    }


def test_a_label_is_added(client: FlaskClient, backend: Backend) -> None:
    backend.answer = lambda _command: Done(a_label().id)

    answer = client.post(HERE, json={**REFUND, "name": " Refund "})

    assert (answer.status_code, answer.get_json()) == (201, {"id": 1, **REFUND})
    assert backend.commands == [AddLabel("Refund", RED)]
    assert backend.audited == [("token", "added a label", "")]


def test_a_label_is_changed_and_removed(client: FlaskClient, backend: Backend) -> None:
    a_label()

    changed = client.patch(f"{HERE}/1", json={"colour": "red"})
    removed = client.delete(f"{HERE}/1")

    assert (changed.status_code, changed.get_json()) == (200, {"id": 1, **REFUND})
    assert (removed.status_code, removed.get_json()) == (200, {"id": 1, "removed": True})
    assert backend.commands == [ChangeLabel(1, colour=RED), RemoveLabel(1)]
    assert [entry[1:] for entry in backend.audited] == [
        ("changed a label", "label 1"),
        ("removed a label", "label 1"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": " "},
        {"name": "x" * 41},
        {"name": "two\nlines"},
        {"name": "a\x00b"},
        {"name": "Refund", "colour": "crimson"},
        {"name": "Refund", "shortcut": "r"},
    ],
)
def test_what_cannot_be_a_label_is_refused(
    client: FlaskClient, backend: Backend, body: dict[str, str]
) -> None:
    assert (client.post(HERE, json=body).status_code, backend.commands) == (422, [])


def test_conflicts_and_unknown_labels_are_told(client: FlaskClient, backend: Backend) -> None:
    backend.answer = Conflict("another label has this name; choose a different one")
    assert client.post(HERE, json=REFUND).status_code == 409
    backend.answer = NotFound()
    assert client.patch(f"{HERE}/9", json={"name": "VIP"}).status_code == 404
    assert client.delete(f"{HERE}/9").status_code == 404
    assert client.delete(f"{HERE}/nonsense").status_code == 404


def test_a_stranger_reads_none(stranger: FlaskClient) -> None:
    assert stranger.get(HERE).status_code == 401


def test_a_conversation_is_labelled_by_names(client: FlaskClient, backend: Backend) -> None:
    conversation = a_conversation()
    a_label("VIP", of=conversation)
    a_label(of=conversation)

    shown = client.patch("/api/conversations/1", json={"labels": ["refund", "VIP", "vip"]})
    client.patch("/api/conversations/1", json={"labels": []})

    assert (shown.status_code, shown.get_json()["labels"]) == (200, ["Refund", "VIP"])
    assert backend.commands == [LabelConversation(1, (1, 2), None), LabelConversation(1, (), None)]
    assert backend.audited[0] == ("token", "changed the labels of a conversation", "conversation 1")


def test_labels_and_assignee_change_together(client: FlaskClient, backend: Backend) -> None:
    Operator.create(name="ada", role="answers", password_hash="", created_at=AT)
    a_conversation()
    a_label()

    client.patch("/api/conversations/1", json={"labels": ["Refund"], "assignee": "ada"})

    assert backend.commands == [LabelConversation(1, (1,), None), assigned(1, 1, "ada")]


@pytest.mark.parametrize(
    "body",
    [
        {"labels": None},
        {"labels": ["Nothing"]},
        {"labels": ["Refund", "Nothing"]},
        {"labels": "Refund"},
        {"labels": ["Refund"], "assignee": "zoe"},
        {"labels": [f"Label {number}" for number in range(11)]},
    ],
)
def test_only_known_labels_are_given(
    client: FlaskClient, backend: Backend, body: dict[str, Any]
) -> None:
    a_conversation()
    a_label()

    assert (client.patch("/api/conversations/1", json=body).status_code, backend.commands) == (
        422,
        [],
    )


def test_conversations_are_listed_by_label(client: FlaskClient) -> None:
    a_label(of=a_conversation())
    a_conversation(a_contact("701"))

    listed = client.get("/api/conversations", query_string={"label": "REFUND"}).get_json()

    assert [(each["id"], each["labels"]) for each in listed["items"]] == [("1", ["Refund"])]
    assert client.get("/api/conversations?label=Nothing").status_code == 422
