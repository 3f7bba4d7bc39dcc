import pytest
from flask.testing import FlaskClient

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.saved_replies import AddSavedReply, ChangeSavedReply, RemoveSavedReply
from moca.storage.db.operator_tables import SavedReply
from tests.web.conftest import Backend

HERE = "/api/saved-replies"
HOURS = {"name": "Hours", "shortcut": "hours", "text": "At nine, {first_name}."}
STORED = {**HOURS, "file": None}


def test_saved_replies_are_listed_by_name(client: FlaskClient) -> None:
    SavedReply.create(name="Returns", text="Within 30 days.")
    SavedReply.create(**HOURS)

    assert client.get(HERE).get_json() == {
        "items": [
            {"id": 2, **STORED},
            {"id": 1, "name": "Returns", "shortcut": None, "text": "Within 30 days.", "file": None},
        ]
    }


def test_a_reply_is_saved(client: FlaskClient, backend: Backend) -> None:
    backend.answer = lambda _command: Done(SavedReply.create(**HOURS).id)

    answer = client.post(HERE, json=HOURS)

    assert (answer.status_code, answer.get_json()) == (201, {"id": 1, **STORED})
    assert backend.commands == [AddSavedReply("Hours", "hours", "At nine, {first_name}.")]
    assert backend.audited == [("token", "added a saved reply", "")]


def test_a_saved_reply_is_changed_and_removed(client: FlaskClient, backend: Backend) -> None:
    SavedReply.create(**HOURS)

    changed = client.patch(f"{HERE}/1", json={"shortcut": ""})
    removed = client.delete(f"{HERE}/1")

    assert (changed.status_code, changed.get_json()) == (200, {"id": 1, **STORED})
    assert (removed.status_code, removed.get_json()) == (200, {"id": 1, "removed": True})
    assert backend.commands == [ChangeSavedReply(1, shortcut=""), RemoveSavedReply(1)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**HOURS, "name": " "},
        {**HOURS, "name": "x" * 81},
        {**HOURS, "shortcut": "Two words"},
        {**HOURS, "shortcut": "hours\n"},
        {**HOURS, "text": " "},
        {**HOURS, "text": "a\x00b"},
        {**HOURS, "text": "\u00e9" * 5001},
        {**HOURS, "text": "Hi {frist_name}"},
        {**HOURS, "colour": "red"},
    ],
)
def test_what_cannot_be_saved_is_refused(
    client: FlaskClient, backend: Backend, body: dict[str, str]
) -> None:
    assert (client.post(HERE, json=body).status_code, backend.commands) == (422, [])


def test_conflicts_and_unknown_replies_are_told(client: FlaskClient, backend: Backend) -> None:
    backend.answer = Conflict("another saved reply has this name; choose a different one")
    assert client.post(HERE, json=HOURS).status_code == 409
    backend.answer = NotFound()
    assert client.patch(f"{HERE}/9", json={"name": "Hours"}).status_code == 404
    assert client.delete(f"{HERE}/9").status_code == 404
    assert client.delete(f"{HERE}/nonsense").status_code == 404


def test_a_stranger_reads_none(stranger: FlaskClient) -> None:
    assert stranger.get(HERE).status_code == 401
