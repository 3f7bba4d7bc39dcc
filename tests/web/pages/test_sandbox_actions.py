import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.types import ContactKey
from moca.instagram.sandbox.instagram import SandboxInstagram

OURS = {"Sec-Fetch-Site": "same-origin"}
ADA = ContactKey("17841400000000001", "700")


def acts(session: FlaskClient, does: str, **told: str) -> TestResponse:
    return session.post("/sandbox/act", json={"psid": "700", "does": does, **told}, headers=OURS)


def last(delivered: list[bytes]) -> dict[str, Any]:
    item = json.loads(delivered[-1])["entry"][0]["messaging"][0]
    return {key: item[key] for key in item.keys() - {"sender", "recipient", "timestamp"}}


def thread(session: FlaskClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.get("/sandbox/state?psid=700").get_json()["thread"]
    return found


def test_a_message_is_edited(
    browser_session: FlaskClient, sandbox: SandboxInstagram, delivered: list[bytes]
) -> None:
    mid = sandbox.write("700", "coffee")
    answer = acts(browser_session, "edit", mid=mid, text="tea")

    assert (answer.status_code, answer.get_json()) == (202, {"mid": mid})
    assert last(delivered) == {"message_edit": {"mid": mid, "text": "tea", "num_edit": 1}}
    assert [(each["text"], each["edits"]) for each in thread(browser_session)] == [("tea", 1)]


def test_a_message_is_unsent(
    browser_session: FlaskClient, sandbox: SandboxInstagram, delivered: list[bytes]
) -> None:
    mid = sandbox.write("700", "oops")
    acts(browser_session, "unsend", mid=mid)
    assert last(delivered) == {"message": {"mid": mid, "is_deleted": True}}
    assert thread(browser_session) == []


def test_a_heart_is_put_on_a_message_and_taken_off(
    browser_session: FlaskClient, sandbox: SandboxInstagram, delivered: list[bytes]
) -> None:
    sandbox.write("700", "hi")
    sandbox.receive(ADA, "hello")
    mid = sandbox.thread("700")[-1].mid

    acts(browser_session, "react", mid=mid)
    told = {"mid": mid, "action": "react", "reaction": "love", "emoji": "\u2764\ufe0f"}
    assert last(delivered) == {"reaction": told}
    assert thread(browser_session)[-1]["sign"] == "\u2764\ufe0f"

    acts(browser_session, "unreact", mid=mid)
    assert last(delivered) == {"reaction": {"mid": mid, "action": "unreact"}}
    assert thread(browser_session)[-1]["sign"] == ""


BUTTONS = [
    {"type": "postback", "title": "Book", "payload": "BOOK"},
    {"type": "web_url", "title": "See", "url": "https://shop.example/"},
]
CARDS = [{"title": "A"}, {"title": "B", "buttons": BUTTONS}]


@pytest.mark.parametrize(
    ("shown", "taps"),
    [
        (
            {"quick_replies": [{"title": "Red", "payload": "RED"}]},
            [{"does": "choose", "title": "Red", "payload": "RED"}],
        ),
        (
            {"attachments": [{"type": "template", "payload": {"button": {"buttons": BUTTONS}}}]},
            [{"does": "tap", "title": "Book", "payload": "BOOK"}],
        ),
        (
            {
                "attachments": [
                    {
                        "type": "template",
                        "payload": {
                            "generic": {"elements": [{"title": "A"}, {"buttons": BUTTONS}]}
                        },
                    }
                ]
            },
            [{"does": "tap", "title": "Book", "payload": "BOOK"}],
        ),
    ],
    ids=["quick replies", "buttons", "cards"],
)
def test_what_can_be_tapped_under_a_message_is_told(
    browser_session: FlaskClient,
    sandbox: SandboxInstagram,
    shown: dict[str, Any],
    taps: list[dict[str, str]],
) -> None:
    sandbox.write("700", "hi")
    sandbox.receive(ADA, "Which one?", shown)
    assert [each["taps"] for each in thread(browser_session)] == [[], taps]


def test_a_template_is_read_by_its_text_and_titles(
    browser_session: FlaskClient, sandbox: SandboxInstagram
) -> None:
    payload = {"button": {"text": "And now?"}, "generic": {"elements": [{"title": "A cake"}]}}
    sandbox.receive(ADA, "", {"attachments": [{"type": "template", "payload": payload}]})
    assert [each["text"] for each in thread(browser_session)] == ["And now? \u00b7 A cake"]


def test_what_is_tapped_comes_as_its_own_kind(
    browser_session: FlaskClient, delivered: list[bytes]
) -> None:
    choice = acts(browser_session, "choose", text="Red", payload="RED").get_json()["mid"]
    told = {"mid": choice, "text": "Red", "quick_reply": {"payload": "RED"}}
    assert last(delivered) == {"message": told}

    tap = acts(browser_session, "tap", text="Book", payload="BOOK").get_json()["mid"]
    assert last(delivered) == {"postback": {"mid": tap, "title": "Book", "payload": "BOOK"}}


def test_quick_replies_are_in_no_echo(
    browser_session: FlaskClient, sandbox: SandboxInstagram, delivered: list[bytes]
) -> None:
    sandbox.receive(ADA, "Which one?", {"quick_replies": [{"title": "Red", "payload": "RED"}]})
    assert last(delivered)["message"].keys() == {"mid", "text", "is_echo"}


@pytest.mark.parametrize(
    ("does", "more"),
    [
        ("attach", {"attachments"}),
        ("share", {"attachments"}),
        ("mention_in_story", {"attachments"}),
        ("answer_story", {"text", "reply_to"}),
    ],
)
def test_what_is_sent_beside_text_comes_as_its_own_kind(
    browser_session: FlaskClient, delivered: list[bytes], does: str, more: set[str]
) -> None:
    text = "Wow" if does == "answer_story" else ""
    assert acts(browser_session, does, text=text).status_code == 202
    assert last(delivered)["message"].keys() == {"mid"} | more


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({"does": "fly"}, "does"),
        ({"does": "write_by_hand", "text": "not the person's act"}, "does"),
        ({"does": "unsend", "mid": "m9"}, "mid: no such message"),
        ({"does": "react", "mid": "a\0b"}, "mid"),
        ({"does": "choose", "text": " "}, "text: must not be blank"),
        ({"does": "attach", "url": "https://elsewhere.example/"}, "url"),
    ],
)
def test_what_nobody_could_do_is_refused(
    browser_session: FlaskClient, delivered: list[bytes], told: dict[str, str], names: str
) -> None:
    answer = acts(browser_session, **told)
    assert (answer.status_code, delivered) == (422, [])
    assert names in answer.get_json()["error"]["message"]


def test_nobody_changes_what_the_account_wrote(
    browser_session: FlaskClient, sandbox: SandboxInstagram
) -> None:
    sandbox.receive(ADA, "hello")
    mid = sandbox.thread("700")[-1].mid
    for does in ("edit", "unsend"):
        answer = acts(browser_session, does, mid=mid, text="bye")
        assert answer.status_code == 422
    assert [each["text"] for each in thread(browser_session)] == ["hello"]


def test_another_site_can_do_nothing_as_a_contact(
    browser_session: FlaskClient, delivered: list[bytes]
) -> None:
    told = {"psid": "700", "does": "attach"}
    answer = browser_session.post(
        "/sandbox/act", json=told, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, delivered) == (403, [])
