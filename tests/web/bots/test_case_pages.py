"""What is expected of a bot: written on its page, made of a real message, checked on publishing."""

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.bots.cases import read_cases
from moca.core.bots.cases import CaseExpectation
from moca.storage.db.bot_tables import StoredBotCases, StoredBotVersion
from moca.storage.db.tables import Message
from tests.web.bots.test_bot_pages import RULES, make, publish
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import a_contact, a_conversation, a_question, a_reply, a_step

CASES = '[[case]]\nname = "<b>price"\nmessage = "price"\nexpect = { text = "25 €" }\n'
MINE: dict[str, Any] = {"generator": "rules", "rule": "price", "bot": "shop", "bot_version": 1}


def expect(
    client: FlaskClient, cases: str = CASES, revision: str = "0", name: str = "shop"
) -> TestResponse:
    return sends(client, f"/bots/{name}/cases", cases=cases, cases_revision=revision)


def an_exchange(mid: str = "m1", **reply: object) -> Message:
    conversation = a_conversation(a_contact(name="Ada Byron", username="ada.b"))
    answer = a_reply(conversation, status="sent", mid="r1", text="Hi Ada, 20 €.", **reply)
    told = {"processed": True, "outcome": "answered", "reply": answer}
    return a_question(conversation, mid=mid, text="Ada here: price of 4711?", **told)


def test_cases_are_written_on_the_page_and_told_to_pass_or_not(
    browser_session: FlaskClient,
) -> None:
    make(browser_session, replies__generator="rules, fixed", rule=RULES)
    assert expect(browser_session).location == "/bots/shop#cases"

    page = browser_session.get("/bots/shop").text
    assert "&lt;b&gt;price</bdi>" in page
    assert "text: expected &#39;25 €&#39;, but it is &#39;20 €&#39;" in page
    expect(browser_session, CASES.replace("25", "20"), "1")
    assert "Passed" in browser_session.get("/bots/shop").text


def test_a_fault_of_cases_stands_beside_them_with_what_was_typed(
    browser_session: FlaskClient,
) -> None:
    make(browser_session)
    refused = expect(browser_session, "[[case]]\nname = '</textarea>'\n")

    assert refused.status_code == 422
    assert "case &#39;&lt;/textarea&gt;&#39;: message: Field required" in refused.text
    assert "name = &#39;&lt;/textarea&gt;&#39;" in refused.text
    assert StoredBotCases.select().count() == 0
    expect(browser_session)
    late = expect(browser_session, "# mine\n")
    assert late.status_code == 409
    assert "# mine" in late.text
    assert expect(browser_session, name="none").status_code == 404


def test_a_failed_case_is_overridden_with_a_reason(
    browser_session: FlaskClient, backend: Backend
) -> None:
    make(browser_session, replies__generator="rules, fixed", rule=RULES)
    expect(browser_session)
    refused = publish(browser_session)
    assert refused.status_code == 422
    assert "Not published: 1 of the cases failed." in refused.text
    assert 'name="override_reason"' in refused.text
    assert StoredBotVersion.select().count() == 0

    reason = {"override_reason": "It is a sale.", "checked": "2"}
    assert sends(browser_session, "/bots/shop/publish", reason).status_code == 303
    assert backend.audited[-1][2] == "bot shop: It is a sale."


def test_a_copy_expects_what_its_original_does(browser_session: FlaskClient) -> None:
    make(browser_session)
    expect(browser_session)
    sends(browser_session, "/bots/shop/copy", new_name="other")

    assert StoredBotCases.get_by_id("other").cases == CASES


@pytest.mark.parametrize("mid", ["m1", "r1"])
def test_an_exchange_becomes_a_case_without_names_and_numbers(
    browser_session: FlaskClient, mid: str
) -> None:
    make(browser_session)
    an_exchange(**MINE)
    assert "Make a case" in browser_session.get(f"/messages/{mid}").text
    made = sends(browser_session, f"/messages/{mid}/case")

    assert made.location == "/bots/shop#cases"
    (case,) = read_cases(StoredBotCases.get_by_id("shop").cases)
    assert (case.messages, case.contact) == (("Kim here: price of 5555?",), "Kim Example")
    assert case.expect == CaseExpectation(text="Hi Kim, 20 €.", rule="price")
    sends(browser_session, f"/messages/{mid}/case")
    assert [each.name for each in read_cases(StoredBotCases.get_by_id("shop").cases)] == [
        "Kim here: price of 5555?",
        "Kim here: price of 5555? (2)",
    ]


def test_each_exchange_of_a_conversation_is_offered_as_a_case(browser_session: FlaskClient) -> None:
    talk = an_exchange(**MINE).conversation
    a_question(talk, mid="m2", processed=True, outcome="suppressed", reason="no_reply_wanted")
    a_question(talk, mid="m3", processed=True, outcome="suppressed", reason="was_closed")
    page = browser_session.get(f"/conversations/{talk.id}").text

    offered = re.findall(r'data-leaves id="case-\d+" formaction="/messages/(\w+)/case"', page)
    assert offered == ["r1", "m2"]


def test_a_handover_without_text_becomes_a_case_of_the_accounts_bot(
    browser_session: FlaskClient,
) -> None:
    question = a_question(a_conversation(), mid="m2", processed=True, outcome="suppressed")
    a_step(question, 1, "state", "handed over")
    sends(browser_session, "/messages/m2/case")

    (case,) = read_cases(StoredBotCases.get_by_id("default").cases)
    assert case.expect == CaseExpectation(hand_over=True)


def test_what_a_person_wrote_is_no_case(browser_session: FlaskClient) -> None:
    an_exchange(author="operator")
    assert "Make a case" not in unescape(browser_session.get("/messages/m1").text)
    assert sends(browser_session, "/messages/m1/case").status_code == 409
    assert sends(browser_session, "/messages/none/case").status_code == 404
