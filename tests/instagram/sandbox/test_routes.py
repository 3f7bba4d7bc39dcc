from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from flask import Flask

from moca.core.content.content import Content
from moca.core.outbox.delivery import (
    NOTHING_KNOWN,
    AccountStopped,
    Delivered,
    FoundInRecord,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
    Rejected,
)
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient, Profile
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from tests.instagram.conftest import Serve
from tests.support.factory import calls_at
from tests.support.values import of_kind, present

ACCOUNT = "17841400000000001"
MAYA = ContactKey(ACCOUNT, "28978671838402975")
NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)


@pytest.fixture
def instagram() -> SandboxInstagram:
    accounts = SandboxAccounts(ACCOUNT, "token")
    return SandboxInstagram(accounts, lambda _body: None, now=lambda: NOW)


@pytest.fixture
def url(instagram: SandboxInstagram, serve: Serve) -> str:
    app = Flask("sandbox")
    app.register_blueprint(graph_blueprint(instagram), url_prefix="/sandbox/graph")
    found: str = serve(app) + "/sandbox/graph"
    return found


@pytest.fixture
def client(instagram: SandboxInstagram, url: str) -> Iterator[GraphClient]:
    with closing(GraphClient(calls_at(url, instagram.accounts.token_for), 5)) as client:
        yield client


def test_a_text_arrives_and_is_found_in_the_record(
    instagram: SandboxInstagram, client: GraphClient
) -> None:
    instagram.write(MAYA.psid, "hi")
    sent = client.send(MAYA, Content(text="hello"))
    (_, message) = instagram.thread(MAYA.psid)
    assert sent == Delivered(message.mid)
    found = client.find_message(MAYA, Content(text="hello"), NOW, NOTHING_KNOWN)
    assert found == FoundInRecord(message.mid, NOW.replace(microsecond=0))


def test_of_two_equal_texts_the_known_one_does_not_count(
    instagram: SandboxInstagram, client: GraphClient
) -> None:
    first, second = (
        client.send(MAYA, Content(text="hello")),
        client.send(MAYA, Content(text="hello")),
    )
    first_mid, second_mid = (present(of_kind(each, Delivered).mid) for each in (first, second))
    known = KnownMessages(frozenset({first_mid}))
    assert (
        of_kind(client.find_message(MAYA, Content(text="hello"), NOW, known), FoundInRecord).mid
        == second_mid
    )
    known = KnownMessages(frozenset({first_mid, second_mid}))
    assert client.find_message(MAYA, Content(text="hello"), NOW, known) == MissingFromRecord()


def test_what_the_contact_wrote_did_not_arrive_from_the_account(
    instagram: SandboxInstagram, client: GraphClient
) -> None:
    assert client.find_message(MAYA, Content(text="hi"), NOW, NOTHING_KNOWN) == MissingFromRecord()
    instagram.write(MAYA.psid, "hi")
    assert client.find_message(MAYA, Content(text="hi"), NOW, NOTHING_KNOWN) == MissingFromRecord()


def test_twenty_later_messages_hide_an_older_one(
    instagram: SandboxInstagram, client: GraphClient
) -> None:
    client.send(MAYA, Content(text="hello"))
    for number in range(20):
        instagram.write(MAYA.psid, str(number))
    result = client.find_message(MAYA, Content(text="hello"), NOW, NOTHING_KNOWN)
    assert result == RecordUnreadable("Instagram's record does not reach back to the attempt")


def test_any_account_may_send_in_its_own_name(
    instagram: SandboxInstagram, client: GraphClient
) -> None:
    contact = ContactKey("123456789", "user_psid_123")
    assert isinstance(client.send(contact, Content(text="hello")), Delivered)
    assert [each.text for each in instagram.thread("user_psid_123", "123456789")] == ["hello"]


def test_a_wrong_token_stops_the_account(url: str) -> None:
    with closing(GraphClient(calls_at(url, lambda _: "wrong"), 5)) as client:
        assert client.send(MAYA, Content(text="hello")) == AccountStopped(
            "Graph 190: the access token is not valid", is_token_dead=True
        )


def test_too_long_a_text_is_rejected(client: GraphClient) -> None:
    assert client.send(MAYA, Content(text="x" * 1001)) == Rejected(
        "Graph 100: the request is invalid"
    )


def test_a_shut_window_is_told_in_metas_words(
    client: GraphClient, instagram: SandboxInstagram, monkeypatch: pytest.MonkeyPatch
) -> None:
    instagram.write(MAYA.psid, "hi")
    monkeypatch.setattr(instagram, "_now", lambda: NOW + timedelta(days=2))
    assert client.send(MAYA, Content(text="hello")) == Rejected(
        "Graph 10/2534022: the 24-hour reply window has closed"
    )


def test_only_who_wrote_has_a_profile(instagram: SandboxInstagram, client: GraphClient) -> None:
    assert client.profile(MAYA) == RecordUnreadable("Graph 230: this contact has not consented")
    instagram.write(MAYA.psid, "hi", "Maya Lind")
    assert client.profile(MAYA) == Profile(name="Maya Lind", username="maya_lind")


def test_messages_are_among_the_subscribed_fields(client: GraphClient) -> None:
    assert "messages" in of_kind(client.subscribed_apps(ACCOUNT), frozenset)


def get(url: str, path: str) -> requests.Response:
    return requests.get(f"{url}/{path}", params={"access_token": "token"}, timeout=5)


@pytest.mark.parametrize("account", ["me", ACCOUNT])
@pytest.mark.parametrize("version", ["v19.0", "v26.0"])
def test_version_and_account_may_be_written_either_way(
    instagram: SandboxInstagram, url: str, version: str, account: str
) -> None:
    instagram.write(MAYA.psid, "hi", "Maya")
    (conversation,) = get(url, f"{version}/{account}/conversations").json()["data"]
    assert conversation["updated_time"] == "2026-01-02T03:04:05+0000"
    assert get(url, f"{version}/{account}").json()["user_id"] == ACCOUNT


def test_a_message_is_told_in_the_documented_shape(instagram: SandboxInstagram, url: str) -> None:
    mid = instagram.write(MAYA.psid, "hi", "Maya")
    assert get(url, f"v26.0/{mid}").json() == {
        "id": mid,
        "created_time": "2026-01-02T03:04:05+0000",
        "from": {"username": "maya", "id": MAYA.psid},
        "to": {"data": [{"username": "the_account", "id": ACCOUNT}]},
        "message": "hi",
    }


def test_another_accounts_messages_are_not_told(instagram: SandboxInstagram, url: str) -> None:
    mid = instagram.write(MAYA.psid, "hi", account_id="555")
    assert get(url, f"v26.0/{mid}").json()["error"]["code"] == 230
    assert get(url, "v26.0/555/conversations").json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize("body", [None, [], {}, {"recipient": {"id": "1"}}, {"message": "x"}])
def test_a_bad_body_is_error_100(url: str, body: dict[str, Any] | list[object] | None) -> None:
    headers = {"Authorization": "Bearer token"}
    response = requests.post(f"{url}/v26.0/me/messages", json=body, headers=headers, timeout=5)
    assert (response.status_code, response.json()["error"]["code"]) == (400, 100)
