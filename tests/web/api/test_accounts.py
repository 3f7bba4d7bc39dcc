from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from moca.core.accounts import Account as Connected
from moca.core.accounts import AccountStatus, LoginKind, SealedToken, WrongEncryptionKey
from moca.core.messages.accounts import ChangeAccount, RemoveAccount, StoreAccount
from moca.core.messages.command import Conflict, Done, NotFound
from moca.storage.db.tables import Account
from tests.web.conftest import Backend, Meta, Sealing
from tests.web.rows import AT

ACCOUNT = "17841400000000002"
NEW = {"account_id": ACCOUNT, "access_token": "IGQVJ-the-token"}


def commands(backend: Backend) -> list[object]:
    """Return the requested commands without their authors."""
    return [getattr(told, "command", told) for told in backend.commands]


def an_account(**changes: datetime | AccountStatus | str) -> Account:
    """A connected account in the database."""
    row = {
        "account_id": ACCOUNT,
        "flavour": LoginKind.INSTAGRAM_LOGIN,
        "username": "the_shop",
        "created_at": AT,
        "sealed_token": "sealed",
        "token_stored_at": AT,
        "token_issued_at": AT,
        "token_expires_at": AT + timedelta(days=60),
    }
    return Account.create(**(row | changes))


def test_an_account_is_connected_with_its_token_sealed(
    client: FlaskClient, backend: Backend
) -> None:
    backend.answer = lambda _command: an_account() and Done()
    answer = client.post("/api/accounts", json=NEW)
    token = SealedToken("sealed:IGQVJ-the-token", AT, AT + timedelta(days=60))
    assert commands(backend) == [StoreAccount(Connected(account_id=ACCOUNT), token, AT)]
    assert answer.status_code == 201
    assert answer.get_json() == {
        "account_id": ACCOUNT,
        "flavour": "instagram_login",
        "username": "the_shop",
        "name": None,
        "page_id": None,
        "scopes": [],
        "subscribed_fields": [],
        "bot": "default",
        "status": "active",
        "because": "",
        "created_at": "2026-11-22T12:00:00Z",
        "token_issued_at": "2026-11-22T12:00:00Z",
        "token_expires_at": "2027-01-21T12:00:00Z",
        "token_refreshed_at": None,
    }


def test_no_answer_ever_holds_a_token(client: FlaskClient, backend: Backend) -> None:
    an_account()
    for answer in (
        client.get("/api/accounts"),
        client.get(f"/api/accounts/{ACCOUNT}"),
        client.patch(f"/api/accounts/{ACCOUNT}", json={"access_token": "IGQVJ-the-token"}),
        client.post("/api/accounts", json=NEW | {"access_token": "IGQVJ-the-token\n"}),
    ):
        assert "IGQVJ" not in answer.text
        assert "sealed" not in answer.text


def test_one_that_is_connected_already_is_a_conflict(client: FlaskClient, backend: Backend) -> None:
    backend.answer = Conflict("the account is already connected; use PATCH to change it")
    answer = client.post("/api/accounts", json=NEW)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "conflict")


def test_a_new_token_is_handed_on(client: FlaskClient, backend: Backend) -> None:
    an_account(status=AccountStatus.DEAD, because="Graph 190: it is gone")
    ends_at = "2026-12-22T12:00:00Z"
    answer = client.patch(
        f"/api/accounts/{ACCOUNT}", json={"access_token": "new", "token_expires_at": ends_at}
    )
    token = SealedToken("sealed:new", AT, AT + timedelta(days=30))
    assert commands(backend) == [ChangeAccount(ACCOUNT, AT, token=token)]
    assert answer.status_code == 200


def test_an_account_is_unsubscribed_and_removed_or_there_is_none(
    client: FlaskClient, backend: Backend, meta: Meta
) -> None:
    an_account()
    answer = client.delete(f"/api/accounts/{ACCOUNT}")
    done = {"account_id": ACCOUNT, "removed": True, "unsubscribed": True, "because": ""}
    assert answer.get_json() == done
    assert commands(backend) == [RemoveAccount(ACCOUNT, AT)]
    assert meta.unsubscribed == [ACCOUNT]
    backend.answer = NotFound()
    assert client.delete("/api/accounts/9").status_code == 404
    assert client.patch("/api/accounts/9", json={}).status_code == 404
    assert client.get("/api/accounts/9").status_code == 404
    assert meta.unsubscribed == [ACCOUNT]


def test_an_account_that_cannot_be_unsubscribed_is_removed_all_the_same(
    client: FlaskClient, backend: Backend, meta: Meta
) -> None:
    an_account()
    meta.because = "Graph 190: the token is dead"
    answer = client.delete(f"/api/accounts/{ACCOUNT}")
    assert answer.get_json() == {
        "account_id": ACCOUNT,
        "removed": True,
        "unsubscribed": False,
        "because": meta.because,
    }
    assert commands(backend) == [RemoveAccount(ACCOUNT, AT)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"access_token": "x"}, "account_id"),
        ({"account_id": "1"}, "access_token"),
        (NEW | {"access_token": "two words"}, "access_token"),
        (NEW | {"flavour": "facebook_login"}, "page_id"),
        (NEW | {"flavour": "other"}, "flavour"),
        (NEW | {"subscribed_fields": ["messages,standby"]}, "subscribed_fields"),
        (NEW | {"token_expires_at": 5}, "token_expires_at"),
        (NEW | {"tokn": "x"}, "tokn"),
    ],
)
def test_a_bad_account_is_named(
    client: FlaskClient, backend: Backend, body: dict[str, Any], said: str
) -> None:
    answer = client.post("/api/accounts", json=body)
    assert (answer.status_code, backend.commands) == (422, [])
    assert said in answer.get_json()["error"]["message"]


def test_without_a_key_it_is_said_which_is_missing(client: FlaskClient, sealing: Sealing) -> None:
    sealing.error = WrongEncryptionKey("instagram.token_key must be set: it is 32 bytes")
    answer = client.post("/api/accounts", json=NEW)
    assert answer.status_code == 503
    assert "instagram.token_key" in answer.get_json()["error"]["message"]


def test_a_token_near_its_end_warns_and_one_past_it_does_too(
    stranger: FlaskClient, client: FlaskClient, browser_session: FlaskClient
) -> None:
    row = an_account(token_expires_at=AT + timedelta(days=6))
    line = f"account {ACCOUNT}: the access token expires within 7 days, at 2026-11-28 12:00 UTC"
    assert client.get("/statusz").get_json()["warnings"] == [line]
    assert line in browser_session.get("/").text
    answer = stranger.get("/readyz")
    said = ["the access token expires soon for 1 account; see /statusz"]
    assert (answer.status_code, answer.get_json()["warnings"]) == (200, said)

    row.token_expires_at = AT
    row.save()
    expired = "the access token has expired; connect the account again or paste a new token"
    assert client.get("/statusz").get_json()["accounts"][ACCOUNT] == expired
    answer = stranger.get("/readyz")
    said = ["replies cannot be sent for 1 account; see /statusz"]
    assert (answer.status_code, answer.get_json()["warnings"]) == (200, said)
