"""Users in the API, with the rules of their page."""

from typing import Any

import peewee
import pytest
from flask.testing import FlaskClient

from moca.storage.db.operator_tables import AuditEntry, Login, Operator
from moca.web.app import create_app
from moca.web.auth.passwords import is_right
from moca.web.config import Health, WebConfig, WebPorts
from tests.web.conftest import TOKEN
from tests.web.desk import WebDesk
from tests.web.rows import ACCOUNT

USERS = "/api/users"
PASSWORD = "four unrelated words"
ADA = {"name": "ada", "password": PASSWORD, "role": "answers", "accounts": [ACCOUNT]}
SHOWN = {
    "id": "1",
    "name": "ada",
    "role": "answers",
    "accounts": [ACCOUNT],
    "created_at": "2026-11-22T12:00:00Z",
}


@pytest.fixture
def client(database: peewee.Database, config: WebConfig) -> FlaskClient:
    """A client with the token, of a Moca whose commands are really written."""
    ports = WebPorts(database=database, tell=WebDesk(database).tell, health=Health)
    client = create_app(ports, config).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


def audited() -> list[tuple[str, str]]:
    return [(each.what, each.about) for each in AuditEntry.select().order_by(AuditEntry.id)]


def test_a_user_is_added_listed_and_removed(client: FlaskClient) -> None:
    added = client.post(USERS, json=ADA)
    assert (added.status_code, added.get_json()) == (201, SHOWN)
    assert client.get(USERS).get_json() == {"items": [SHOWN]}
    assert client.get(f"{USERS}/1").get_json() == SHOWN
    assert client.delete(f"{USERS}/1").get_json() == {"id": "1", "removed": True}
    assert client.get(USERS).get_json() == {"items": []}
    assert audited() == [
        ("added a user", f"user 1 (ada, Agent, accounts {ACCOUNT})"),
        ("removed a user", "user 1 (ada)"),
    ]


@pytest.mark.parametrize(
    ("change", "shown", "what"),
    [
        ({"role": "reads"}, {"role": "reads"}, "changed a role to Viewer"),
        ({"accounts": []}, {"accounts": []}, "opened all accounts to a user"),
        ({"password": "another four words"}, {}, "changed a user's password"),
    ],
)
def test_a_user_is_changed_in_one_thing(
    client: FlaskClient, change: dict[str, Any], shown: dict[str, Any], what: str
) -> None:
    client.post(USERS, json=ADA)
    answer = client.patch(f"{USERS}/1", json=change)
    assert (answer.status_code, answer.get_json()) == (200, SHOWN | shown)
    assert audited()[-1][0] == what
    assert is_right(change.get("password", PASSWORD), Operator.get().password_hash)
    assert Login.select().count() == 0


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"name": "api"}, 422),
        ({"name": " "}, 422),
        ({"password": "short"}, 422),
        ({"password": "password123456"}, 422),
        ({"role": "drafts"}, 422),
        ({"accounts": ["a b"]}, 422),
        ({"name": "ADA"}, 409),
    ],
)
def test_what_the_page_refuses_is_refused(
    client: FlaskClient, changed: dict[str, Any], status: int
) -> None:
    client.post(USERS, json=ADA)
    answer = client.post(USERS, json=ADA | {"name": "ben"} | changed)
    assert answer.status_code == status
    assert Operator.select().count() == 1
    assert "password123456" not in answer.text


@pytest.mark.parametrize(
    "body",
    [{}, {"role": "reads", "accounts": []}, {"password": "ada ada ada"}, {"name": "ben"}],
)
def test_a_change_that_makes_no_sense_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    client.post(USERS, json=ADA)
    assert client.patch(f"{USERS}/1", json=body).status_code == 422
    assert client.get(f"{USERS}/1").get_json() == SHOWN


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_user_that_is_not_there_is_not_found(client: FlaskClient, method: str) -> None:
    body = {"role": "reads"} if method == "PATCH" else None
    assert client.open(f"{USERS}/9", method=method, json=body).status_code == 404
