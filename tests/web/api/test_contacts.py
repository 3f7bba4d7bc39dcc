from datetime import datetime

import pytest
from flask.testing import FlaskClient

from moca.core.messages.command import Done
from moca.core.messages.operator_actions import EraseContact
from moca.core.types import ContactKey
from moca.storage.db.privacy_tables import DeletionRequest
from tests.support.values import present
from tests.web.conftest import Backend
from tests.web.rows import ACCOUNT, AT, a_contact, after

ADA = {
    "account_id": ACCOUNT,
    "psid": "700",
    "name": "Ada",
    "created_at": "2026-11-22T12:00:00Z",
    "last_seen_at": "2026-11-22T12:00:00Z",
    "window_opened_at": "2026-11-22T12:00:00Z",
    "message_count": 1,
}


def test_a_contact_is_shown_whole(client: FlaskClient) -> None:
    a_contact()

    assert client.get("/api/contacts/700").get_json() == ADA


def test_contacts_are_listed_by_when_they_were_seen(client: FlaskClient) -> None:
    for psid, seconds in (("701", 1), ("702", 3), ("703", 3), ("704", 2)):
        a_contact(psid, last_seen_at=after(seconds))

    first = client.get("/api/contacts?limit=3").get_json()
    rest = client.get("/api/contacts", query_string={"cursor": first["next_cursor"]}).get_json()

    assert [item["psid"] for item in first["items"]] == ["703", "702", "704"]
    assert [item["psid"] for item in rest["items"]] == ["701"]
    assert rest["next_cursor"] is None


def test_of_two_accounts_contacts_with_one_id_the_one_seen_last_is_shown(
    client: FlaskClient,
) -> None:
    a_contact(account_id="1")
    a_contact(account_id="2", last_seen_at=after(1))

    assert client.get("/api/contacts/700").get_json()["account_id"] == "2"
    assert client.get("/api/contacts/700?account_id=1").get_json()["account_id"] == "1"
    assert client.get("/api/contacts/700?account_id=3").status_code == 404


@pytest.mark.parametrize(("completed_at", "status"), [(AT, 200), (None, 202)])
def test_a_contact_counts_as_erased_once_nothing_is_left(
    client: FlaskClient, backend: Backend, completed_at: datetime | None, status: int
) -> None:
    a_contact()

    def begin(command: EraseContact) -> Done:
        code = present(command.request).code
        DeletionRequest.create(code=code, requested_at=AT, completed_at=completed_at)
        return Done()

    backend.answer = begin
    answer = client.delete("/api/contacts/700")

    (command,) = backend.commands
    assert command == EraseContact(ContactKey(ACCOUNT, "700"), AT)
    told = {
        "account_id": ACCOUNT,
        "psid": "700",
        "erased": completed_at is not None,
        "confirmation_code": present(command.request).code,
    }
    assert (answer.status_code, answer.get_json()) == (status, told)


def test_nobody_is_erased_where_there_is_nobody(client: FlaskClient, backend: Backend) -> None:
    assert client.delete("/api/contacts/700").status_code == 404
    assert backend.commands == []
