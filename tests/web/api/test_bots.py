"""Bots by the API: drafts, versions, trials, and which account has which."""

import tomllib

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.api.test_accounts import ACCOUNT, an_account
from tests.web.conftest import Backend

SHOP = "/api/bots/shop"
PRICES = """[replies]
generator = "rules, fixed"

[[rule]]
name = "price"
keywords = ["price"]
answers = "20 €"
"""


@pytest.fixture(autouse=True)
def _written(written: None) -> None:
    pass


def save(
    client: FlaskClient, document: str = PRICES, revision: int = 0, name: str = "shop"
) -> TestResponse:
    return client.put(f"/api/bots/{name}/draft", json={"document": document, "revision": revision})


def message_of(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["message"]


def test_a_bot_is_made_published_and_given_to_an_account(
    client: FlaskClient, backend: Backend
) -> None:
    an_account()
    assert save(client).get_json() == {
        "name": "shop",
        "document": PRICES,
        "revision": 1,
        "saved_by": "API",
        "saved_at": "2026-11-22T12:00:00Z",
    }
    published = client.post(f"{SHOP}/publish", json={"note": "New prices"})
    chosen = client.patch(f"/api/accounts/{ACCOUNT}", json={"bot": "shop"})

    assert (chosen.status_code, chosen.get_json()["bot"]) == (200, "shop")
    shop = {
        "name": "shop",
        "version": 1,
        "published_at": "2026-11-22T12:00:00Z",
        "published_by": "API",
        "note": "New prices",
        "draft_revision": 1,
        "is_changed": False,
        "accounts": [],
    }
    assert (published.status_code, published.get_json()) == (200, shop)
    default, listed = client.get("/api/bots").get_json()["items"]
    assert listed == {**shop, "accounts": [ACCOUNT]}
    assert (default["name"], default["version"], default["accounts"]) == ("default", None, [])
    assert backend.audited == [
        ("token", "saved a bot's draft", "bot shop"),
        ("token", "published a bot", "bot shop"),
        ("token", "chose an account's bot", f"account {ACCOUNT}, bot shop"),
    ]


def test_a_bot_is_published_so_that_its_replies_wait_as_drafts(client: FlaskClient) -> None:
    save(client, PRICES + 'topic = "prices"\n' + '[topics]\nother = "auto"\nhours = "auto"\n')
    assert client.post(f"{SHOP}/publish", json={"mode": "loud"}).status_code == 422
    assert client.post(f"{SHOP}/publish", json={"mode": "draft"}).get_json()["version"] == 1

    draft = client.get(f"{SHOP}/draft").get_json()
    assert draft["revision"] == 2
    modes = tomllib.loads(draft["document"])["topics"]
    assert modes == {"hours": "auto", "other": "draft"}
    tried = client.post(f"{SHOP}/try", json={"text": "price"}).get_json()
    assert (tried["topic"], tried["mode"]) == ("prices", "draft")


def test_a_rollback_publishes_an_earlier_version_again(client: FlaskClient) -> None:
    save(client)
    client.post(f"{SHOP}/publish", json={})
    save(client, PRICES.replace("20", "25"), 1)
    client.post(f"{SHOP}/publish", json={})

    back = client.post(f"{SHOP}/rollback", json={"version": 1}).get_json()
    assert (back["version"], back["note"], back["is_changed"]) == (
        3,
        "Rolled back to version 1",
        True,
    )
    assert client.post(f"{SHOP}/rollback", json={"version": 9}).status_code == 404


def test_the_second_of_two_editors_is_told_who_saved(client: FlaskClient) -> None:
    save(client)
    save(client, PRICES.replace("20", "25"), 1)

    status, because = message_of(save(client, PRICES.replace("20", "30"), 1))
    assert (status, because.partition(" at ")[0]) == (409, "API saved this draft")
    assert "25 €" in client.get(f"{SHOP}/draft").get_json()["document"]
    late = client.post(f"{SHOP}/publish", json={"revision": 1})
    assert late.status_code == 409


def test_every_fault_is_named_with_its_field_and_nothing_is_stored(
    client: FlaskClient, backend: Backend
) -> None:
    document = '[conversation]\ndebounce_seconds = -1\n[replies.model]\napi_key = "mine"\n'

    status, because = message_of(save(client, document + '[[rule]]\nname = ""\n'))
    assert status == 422
    for field in (
        "conversation.debounce_seconds: ",
        "replies.model.api_key: ",
        "rule.0.name: line 6",
    ):
        assert field in because
    assert "mine" not in because
    assert backend.commands == []


def test_what_the_server_cannot_run_is_refused(client: FlaskClient) -> None:
    model = '[replies]\ngenerator = "model"\n[replies.model]\nmodel = "small"'
    assert message_of(save(client, model)) == (
        422,
        "replies.model.api_key: is required for the provider's own server; or set url",
    )


def test_the_bot_of_the_settings_is_read_and_copied_but_not_changed(client: FlaskClient) -> None:
    own = client.get("/api/bots/default/draft").get_json()
    assert (own["document"], own["revision"], own["saved_by"]) == ("", 0, None)
    for answer in (
        save(client, name="default"),
        client.post("/api/bots/default/publish", json={}),
        client.post("/api/bots/default/rollback", json={"version": 1}),
    ):
        assert message_of(answer) == (
            409,
            "The bot default comes from the settings file. Save a copy of it under another name.",
        )


def test_a_draft_is_tried_without_sending_anything(client: FlaskClient) -> None:
    save(client)

    assert client.post(f"{SHOP}/try", json={"text": "the price?"}).get_json() == {
        "generator": "rules",
        "rule": "price",
        "topic": None,
        "mode": "auto",
        "reply": "20 €",
        "why": "rules: rule 'price'",
        "hands_over": False,
        "passed_over": [{"who": "fixed", "why": "asked only if rules has no reply"}],
    }
    tried = client.post(f"{SHOP}/try", json={"text": "hello"}).get_json()
    assert (tried["generator"], tried["passed_over"]) == (
        "fixed",
        [
            {"who": "rules", "why": "no rule matches"},
            {"who": "rule 'price'", "why": "none of its keywords was found"},
        ],
    )
    assert client.post("/api/bots/default/try", json={"text": "hello"}).get_json()["generator"] == (
        "mock"
    )


@pytest.mark.parametrize("name", ["Shop", "a b", "x" * 41, "-a", "%00"])
def test_a_bot_needs_a_plain_name(client: FlaskClient, name: str) -> None:
    assert save(client, name=name).status_code in {404, 422}


def test_an_unknown_bot_is_not_found(client: FlaskClient) -> None:
    an_account()
    assert client.get("/api/bots/none/draft").status_code == 404
    assert client.post("/api/bots/none/publish", json={}).status_code == 404
    assert client.post("/api/bots/none/try", json={"text": "hello"}).status_code == 404
    assert message_of(client.patch(f"/api/accounts/{ACCOUNT}", json={"bot": "none"})) == (
        409,
        "no version of a bot 'none' is published",
    )


def test_a_bot_is_deleted_once_no_account_has_it(client: FlaskClient, backend: Backend) -> None:
    an_account()
    save(client)
    client.post(f"{SHOP}/publish", json={})
    client.patch(f"/api/accounts/{ACCOUNT}", json={"bot": "shop"})
    status, told = message_of(client.delete(SHOP))
    assert status == 409
    assert told.startswith("it answers for ")
    assert message_of(client.delete("/api/bots/default"))[0] == 409

    client.patch(f"/api/accounts/{ACCOUNT}", json={"bot": "default"})
    assert client.delete(SHOP).get_json() == {"name": "shop", "deleted": True}
    assert backend.audited[-1] == ("token", "deleted a bot", "bot shop")
    assert client.delete(SHOP).status_code == 404
    assert [each["name"] for each in client.get("/api/bots").get_json()["items"]] == ["default"]


def test_bots_are_for_administrators(stranger: FlaskClient) -> None:
    assert stranger.get("/api/bots").status_code == 401


CASES = """[[case]]
name = "price"
message = "the price?"
expect = { text = "20 €", rule = "price" }
"""


def expect(
    client: FlaskClient, cases: str = CASES, revision: int = 0, name: str = "shop"
) -> TestResponse:
    return client.put(f"/api/bots/{name}/cases", json={"cases": cases, "revision": revision})


def test_what_is_expected_of_a_bot_is_saved_and_checked(
    client: FlaskClient, backend: Backend
) -> None:
    save(client)
    passed = {"name": "price", "verdict": "passed", "problems": []}
    stored = {"name": "shop", "cases": CASES, "revision": 1, "results": [passed]}

    assert expect(client).get_json() == stored
    assert client.get(f"{SHOP}/cases").get_json() == stored
    assert backend.audited[-1] == ("token", "saved a bot's cases", "bot shop")
    assert message_of(expect(client))[0] == 409
    assert message_of(expect(client, "[[case]]\nname = 3\n", 1))[0] == 422
    assert expect(client, name="none").status_code == 404
    assert client.get("/api/bots/default/cases").get_json()["revision"] == 0
    assert expect(client, name="default").get_json()["results"][0]["verdict"] == "failed"


def test_a_draft_whose_cases_fail_is_published_only_for_a_reason(
    client: FlaskClient, backend: Backend
) -> None:
    save(client, PRICES.replace("20", "25"))
    expect(client)

    refused = client.post(f"{SHOP}/publish", json={})
    problem = "text: expected '20 €', but it is '25 €'"
    assert (refused.status_code, refused.get_json()["failed_cases"]) == (
        422,
        [{"name": "price", "problems": [problem]}],
    )
    assert problem in refused.get_json()["detail"]
    assert client.get(SHOP.replace("/shop", "")).get_json()["items"][1]["version"] is None

    body = {"override_reason": "Prices rose today."}
    assert client.post(f"{SHOP}/publish", json=body).get_json()["version"] == 1
    assert backend.audited[-1] == (
        "token",
        "published a bot despite failed cases",
        "bot shop: Prices rose today.",
    )


def test_a_reason_that_was_not_needed_is_not_in_the_log(
    client: FlaskClient, backend: Backend
) -> None:
    save(client)
    expect(client)
    client.post(f"{SHOP}/publish", json={"override_reason": "To be sure."})

    assert backend.audited[-1] == ("token", "published a bot", "bot shop")
