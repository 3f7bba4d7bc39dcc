import json

import peewee
import pytest
from flask.testing import FlaskClient

from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.storage.db.tables import Account as StoredAccount
from moca.web.app import create_app
from moca.web.config import WebConfig, WebPorts
from moca.web.presenters.journey_progress import steps_ahead
from tests.web.api.test_accounts import an_account
from tests.web.conftest import Backend
from tests.web.rows import a_contact, a_conversation, a_question, a_reply, a_step, after, an_item

OURS = {"Sec-Fetch-Site": "same-origin"}


def stages(client: FlaskClient, mid: str) -> list[tuple[str, str]]:
    told = client.get("/sandbox/state", query_string={"mid": mid}).get_json()["journey"]
    return [(stage["key"], stage["state"]) for stage in told["stages"]]


def line(*states: str) -> list[tuple[str, str]]:
    keys = [stage.key for stage in steps_ahead()]
    return list(zip(keys, states, strict=True))


def test_writing_as_a_contact_sends_a_webhook_and_shows_in_the_thread(
    browser_session: FlaskClient, delivered: list[bytes]
) -> None:
    body = {"psid": "700", "name": "Ada", "text": "Hello"}

    answer = browser_session.post("/sandbox/write", json=body, headers=OURS)

    mid = answer.get_json()["mid"]
    assert answer.status_code == 202
    assert json.loads(delivered[0])["entry"][0]["messaging"][0]["message"]["mid"] == mid
    assert browser_session.get("/sandbox/state?psid=700").get_json() == {
        "now": "2026-11-22T12:00:00Z",
        "contacts": [{"psid": "700", "name": "Ada", "last_at": "2026-11-22T12:00:00Z"}],
        "thread": [
            {
                "mid": mid,
                "sender": "contact",
                "text": "Hello",
                "attachments": [],
                "at": "2026-11-22T12:00:00Z",
                "edits": 0,
                "sign": "",
                "taps": [],
            }
        ],
        "journey": None,
    }


def test_a_contact_writes_to_any_of_several_accounts(
    browser_session: FlaskClient, sandbox: SandboxInstagram, delivered: list[bytes]
) -> None:
    assert 'id="account"' not in browser_session.get("/sandbox").text
    an_account()
    other = "17841400000000002"
    StoredAccount.update(account_id=other, username="the_second_account").execute()
    page = browser_session.get("/sandbox").text
    assert f'<option value="{other}">the_second_account</option>' in page
    assert '<option value="17841400000000001">the_account</option>' in page

    body = {"psid": "700", "name": "Ada", "text": "Hello", "account_id": other}
    mid = browser_session.post("/sandbox/write", json=body, headers=OURS).get_json()["mid"]
    edit = {"psid": "700", "does": "edit", "mid": mid, "text": "Hi", "account_id": other}
    assert browser_session.post("/sandbox/act", json=edit, headers=OURS).status_code == 202
    assert [json.loads(each)["entry"][0]["id"] for each in delivered] == [other, other]
    state = browser_session.get(f"/sandbox/state?psid=700&account_id={other}").get_json()
    assert [each["text"] for each in state["thread"]] == ["Hi"]
    assert [each["name"] for each in state["contacts"]] == ["Ada"]
    assert browser_session.get("/sandbox/state?psid=700").get_json()["contacts"] == []


@pytest.mark.parametrize(
    "body", [{}, {"psid": "", "text": "x"}, {"psid": "7", "text": " "}, {"psid": 7, "text": "x"}]
)
def test_what_nobody_could_write_is_refused(
    browser_session: FlaskClient, delivered: list[bytes], body: dict[str, int | str]
) -> None:
    answer = browser_session.post("/sandbox/write", json=body, headers=OURS)

    assert (answer.status_code, delivered) == (422, [])


def test_another_site_cannot_write_as_a_contact(
    browser_session: FlaskClient, delivered: list[bytes]
) -> None:
    body = {"psid": "700", "text": "Hello"}

    answer = browser_session.post(
        "/sandbox/write", json=body, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert (answer.status_code, delivered) == (403, [])


def test_a_gathering_message_stands_at_its_station_until_an_instant(client: FlaskClient) -> None:
    a_step(a_question(a_conversation()), 0, "storage", "stored")

    told = client.get("/sandbox/state?mid=m1").get_json()["journey"]

    assert (told["outcome"], told["because"], told["until"]) == (
        None,
        "waiting for more messages",
        "2026-11-22T12:00:05Z",
    )
    assert stages(client, "m1") == line(*["passed"] * 3, "here", *["ahead"] * 4)


def test_an_answered_message_waits_for_nothing_but_the_echo(client: FlaskClient) -> None:
    conversation = a_conversation()
    reply = a_reply(conversation, "sent", mid="r1")
    item = an_item(reply, "sent")
    question = a_question(conversation, reply=reply, processed=True, outcome="answered")
    a_step(question, 0, "storage", "stored")
    a_step(reply, 5, "sending", "sent")

    assert stages(client, "m1") == line(*["passed"] * 7, "ahead")
    item.echoed_at = after(6)
    item.save()
    assert stages(client, "m1") == line(*["passed"] * 8)


@pytest.mark.parametrize(
    ("outcome", "last_stage", "states"),
    [
        ("duplicate", "storage", ["passed"] * 2 + ["stopped"] + ["ahead"] * 5),
        ("suppressed", "storage", ["passed"] * 3 + ["stopped"] + ["ahead"] * 4),
        ("suppressed", "queue", ["passed"] * 5 + ["stopped"] + ["ahead"] * 2),
        ("failed", "generation", ["passed"] * 4 + ["stopped"] + ["ahead"] * 3),
        ("failed", "sending", ["passed"] * 6 + ["stopped"] + ["ahead"]),
    ],
)
def test_a_message_that_is_not_answered_stops_at_a_station(
    client: FlaskClient, outcome: str, last_stage: str, states: list[str]
) -> None:
    question = a_question(a_conversation(a_contact()), processed=True, outcome=outcome)
    a_step(question, 0, last_stage, "so far")

    assert stages(client, "m1") == line(*states)


def test_without_a_sandbox_there_is_no_sandbox_page(
    database: peewee.Database, backend: Backend, config: WebConfig
) -> None:
    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    client = create_app(ports, config).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer the-api-token"

    assert client.get("/sandbox").status_code == 404
    assert client.post("/sandbox/write", json={}).status_code == 404
    assert "/sandbox" not in client.get("/").text


def test_the_sandbox_is_told_what_to_suffer_from(
    client: FlaskClient, sandbox: SandboxInstagram
) -> None:
    answer = client.put("/sandbox/troubles", json={"troubles": ["token", "clock"]})
    assert (answer.status_code, answer.get_json()) == (200, {"troubles": ["clock", "token"]})
    assert list(sandbox.troubles) == ["clock", "token"]
    client.put("/sandbox/troubles", json={"troubles": []})
    assert list(sandbox.troubles) == []


def test_a_trouble_that_nobody_knows_is_named(client: FlaskClient, stranger: FlaskClient) -> None:
    answer = client.put("/sandbox/troubles", json={"troubles": ["plague"]})
    assert answer.status_code == 422
    assert "troubles.0" in answer.get_json()["error"]["message"]
    assert stranger.put("/sandbox/troubles", json={"troubles": []}).status_code == 401
