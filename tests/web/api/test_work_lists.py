from datetime import datetime

import pytest
from flask.testing import FlaskClient

from moca.core.messages.operator_actions import SnoozeConversation, UnsnoozeConversation
from moca.storage.db.operator_tables import Operator
from tests.web.conftest import Backend
from tests.web.rows import AT, a_conversation, after, assigned


def test_a_conversation_is_assigned_by_name(client: FlaskClient, backend: Backend) -> None:
    ada = Operator.create(name="ada", role="answers", password_hash="", created_at=AT)
    a_conversation(assignee_id=ada.id)

    shown = client.patch("/api/conversations/1", json={"assignee": "ada"})
    client.patch("/api/conversations/1", json={"assignee": None})

    assert (shown.status_code, shown.get_json()["assignee"]) == (200, "ada")
    assert backend.commands == [assigned(1, ada.id, "ada"), assigned(1, None)]


@pytest.mark.parametrize(
    ("body", "until"), [({}, None), ({"until": "2026-11-22T14:00:00+01:00"}, after(3600))]
)
def test_a_conversation_is_snoozed_for_a_time_or_until_the_contact_writes(
    client: FlaskClient, backend: Backend, body: dict[str, str], until: datetime | None
) -> None:
    a_conversation(snoozed_at=AT, snoozed_until=after(60), last_user_message_at=AT)

    shown = client.post("/api/conversations/1/snooze", json=body)
    client.post("/api/conversations/1/unsnooze")

    assert backend.commands == [SnoozeConversation(1, AT, until), UnsnoozeConversation(1, AT)]
    assert (shown.status_code, shown.get_json()["snooze"]) == (
        200,
        {"since": "2026-11-22T12:00:00Z", "until": "2026-11-22T12:01:00Z"},
    )


def test_the_past_is_no_time_to_snooze_until(client: FlaskClient, backend: Backend) -> None:
    a_conversation()
    past = {"until": "2026-11-22T11:00:00Z"}
    assert client.post("/api/conversations/1/snooze", json=past).status_code == 422
    assert backend.commands == []


@pytest.mark.parametrize("body", [{}, {"assignee": "ben"}, {"assignee": 1}, {"status": "closed"}])
def test_only_known_users_are_assigned(
    client: FlaskClient, backend: Backend, body: dict[str, int | str]
) -> None:
    a_conversation()

    assert client.patch("/api/conversations/1", json=body).status_code == 422
    assert client.patch("/api/conversations/9", json={"assignee": None}).status_code == 404
    assert backend.commands == []
