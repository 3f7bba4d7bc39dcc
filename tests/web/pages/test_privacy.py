import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import peewee
import pytest
from flask.testing import FlaskClient

from moca.core.messages.accounts import MarkTokenDead
from moca.core.messages.housekeeping import EraseOnDeletionRequest
from moca.storage.db.privacy_tables import DeletionRequest
from moca.web.app import create_app
from moca.web.config import WebConfig, WebPorts
from tests.support.values import of_kind
from tests.web.api.test_accounts import ACCOUNT, an_account
from tests.web.conftest import SECRETS, Backend
from tests.web.rows import AT, a_contact


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def signed(secret: str = SECRETS[0], **changes: int | str | None) -> str:
    told = {
        "algorithm": "HMAC-SHA256",
        "issued_at": int(AT.timestamp()),
        "user_id": "900",
    } | changes
    payload = encoded(json.dumps(told).encode())
    made = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"{encoded(made)}.{payload}"


@pytest.mark.parametrize("secret", SECRETS)
def test_an_owner_who_removed_the_app_stops_the_account(
    stranger: FlaskClient, backend: Backend, secret: str
) -> None:
    an_account(app_user_id="900")
    an_account(account_id="17841400000000003", app_user_id="901")
    answer = stranger.post("/instagram/deauthorize", data={"signed_request": signed(secret)})
    assert answer.status_code == 200
    assert backend.commands == [MarkTokenDead(ACCOUNT, "the account's owner removed the app", AT)]


def test_a_wish_for_deletion_is_confirmed_with_a_code_and_its_page(
    stranger: FlaskClient, backend: Backend
) -> None:
    answer = stranger.post("/instagram/data-deletion", data={"signed_request": signed()})
    told = answer.get_json()
    code = told["confirmation_code"]
    assert answer.status_code == 200
    assert told["url"] == f"http://localhost/instagram/data-deletion/{code}"
    assert backend.commands == [EraseOnDeletionRequest("900", code, AT)]
    assert len(code) >= 20


def test_the_page_tells_how_far_it_is(stranger: FlaskClient) -> None:
    row = DeletionRequest.create(code="the-code", requested_at=AT)
    page = stranger.get("/instagram/data-deletion/the-code")
    assert (page.status_code, "is being deleted" in page.text) == (200, True)
    DeletionRequest.update(completed_at=AT + timedelta(minutes=1)).where(
        DeletionRequest.code == row.code
    ).execute()
    page = stranger.get("/instagram/data-deletion/the-code")
    assert "Your data has been deleted" in page.text
    assert stranger.get("/instagram/data-deletion/another").status_code == 404


@pytest.mark.parametrize("path", ["/instagram/deauthorize", "/instagram/data-deletion"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"signed_request": ""},
        {"signed_request": "x"},
        {"signed_request": "."},
        {"signed_request": "\u00e9.\u00e9"},
        {"signed_request": signed("another-secret")},
        {"signed_request": signed(algorithm="none")},
        {"signed_request": signed(user_id=None)},
        {"signed_request": signed(issued_at=None)},
        {"signed_request": signed(issued_at=int(AT.timestamp()) - 86_401)},
        {"signed_request": signed(issued_at=int(AT.timestamp()) + 301)},
        {"signed_request": signed().replace(".", ".x")},
    ],
)
def test_what_meta_did_not_sign_is_refused(
    stranger: FlaskClient, backend: Backend, path: str, form: dict[str, str]
) -> None:
    answer = stranger.post(path, data=form)
    assert (answer.status_code, backend.commands) == (403, [])


def test_a_number_for_an_id_is_read_as_text(stranger: FlaskClient, backend: Backend) -> None:
    stranger.post("/instagram/data-deletion", data={"signed_request": signed(user_id=900)})
    assert of_kind(backend.commands[0], EraseOnDeletionRequest).user_id == "900"


def test_a_contact_is_exported_for_the_token_s_bearer_only(
    client: FlaskClient, stranger: FlaskClient
) -> None:
    contact = a_contact()
    path = f"/api/contacts/{contact.psid}/export"
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.get_json()["contact"]["psid"] == contact.psid
    assert stranger.get(path).status_code == 401
    assert client.get("/api/contacts/nobody/export").status_code == 404


@pytest.mark.parametrize("age_seconds", [86_400, -300])
def test_what_meta_signed_within_a_day_is_taken(stranger: FlaskClient, age_seconds: int) -> None:
    form = {"signed_request": signed(issued_at=int(AT.timestamp()) - age_seconds)}

    assert stranger.post("/instagram/data-deletion", data=form).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status", "url"),
    [("https://moca.example", 200, "https://moca.example/"), ("", 503, None)],
)
def test_a_live_instance_names_its_own_address_whatever_host_is_asked(
    database: peewee.Database,
    backend: Backend,
    config: WebConfig,
    origin: str,
    status: int,
    url: str | None,
) -> None:
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    live = create_app(ports, replace(config, live=True, public_origin=origin)).test_client()

    answer = live.post(
        "/instagram/data-deletion",
        data={"signed_request": signed()},
        headers={"Host": "evil.example"},
    )

    assert answer.status_code == status
    if url is None:
        assert "Set web.public_url" in answer.get_json()["error"]["message"]
        assert backend.commands == []
    else:
        assert answer.get_json()["url"].startswith(url)
