"""Drafts are approved, edited or discarded one after another, with and without scripts."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.core.messages.command import AwaitedCommand, Conflict
from moca.core.messages.operator_actions import ApproveReply, DiscardReply
from moca.storage.db.tables import Message, QueueItem
from tests.support.values import id_of
from tests.web.api.test_accounts import an_account
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import (
    ACCOUNT,
    AT,
    a_contact,
    a_conversation,
    a_question,
    a_reply,
    a_step,
    after,
    an_item,
)

LIVE = {"X-Moca-Live": "1"}


def a_draft(
    psid: str = "700", text: str = "At nine.", opened: int = 0, **columns: Any
) -> QueueItem:
    conversation = a_conversation(a_contact(psid, window_opened_at=after(opened)))
    reply = a_reply(conversation, "held", text=text, topic="hours", generator="rules")
    question = a_question(conversation, f"m{psid}", reply=reply, processed=True)
    a_step(question, 5, "generation", "generated", "rules: rule 'hours'")
    return an_item(reply, "held", **columns)


def test_without_drafts_the_page_says_so(client: FlaskClient) -> None:
    assert "No drafts wait." in client.get("/review").text


def test_the_draft_whose_window_ends_first_is_shown_with_its_sources(client: FlaskClient) -> None:
    a_draft("700", "Later.", opened=60)
    a_draft("701", "Sooner.", release_at=after(600))
    page = client.get("/review").text
    assert "2 drafts wait" in page
    assert "Sooner." in page
    assert "Later." not in page
    assert "When are you open?" in page
    assert "Topic: hours" in page
    assert "Made by rules: rule &#39;hours&#39;" in page
    assert "unless you discard it" in page
    assert 'href="/review?item=1"' in page


def test_a_draft_names_its_account_if_there_are_several(client: FlaskClient) -> None:
    a_draft()
    an_account(account_id=ACCOUNT)
    assert "the_shop" not in client.get("/review").text
    an_account(account_id="1784")
    assert "<span>the_shop</span> · Topic: hours" in client.get("/review").text


def test_a_teammates_draft_is_shown_with_who_made_it_and_what_the_contact_wrote_since(
    client: FlaskClient,
) -> None:
    conversation = a_conversation(a_contact("700", window_opened_at=AT))
    a_question(conversation, "m1", text="Long answered.")
    a_reply(conversation, "sent", text="Yes.")
    a_question(conversation, "m2", text="And on Sundays?")
    draft = a_reply(
        conversation, "held", text="No.", author="operator", author_name="API key assistant"
    )
    an_item(draft, "held")
    a_question(conversation, "m3", text="Hello?")
    page = client.get("/review").text
    assert "Drafted by API key assistant" in page
    assert "Topic:" not in page
    assert "Made by" not in page
    assert "Long answered." not in page
    assert page.index("And on Sundays?") < page.index("Hello?") < page.index("No.</textarea>")


def test_a_named_draft_is_shown_first(client: FlaskClient) -> None:
    a_draft("700", "Later.", opened=60)
    a_draft("701", "Sooner.")
    assert "Later." in client.get("/review?item=1").text
    assert "Sooner." in client.get("/review?item=99").text


def test_a_refresh_keeps_the_draft_even_one_that_no_longer_waits(
    client: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    item = a_draft("700", "Later.", opened=60)
    a_draft("701", "Sooner.")
    page = client.get("/review?item=1", headers=LIVE).text
    assert ("Later." in page, "2 drafts wait" in page, "csrf" in page) == (True, True, False)

    QueueItem.update(status="cancelled").where(QueueItem.id == item.id).execute()
    Message.update(status="cancelled").where(Message.id == id_of(item, "message")).execute()
    a_step(a_question(item.conversation, "m2"), 9, "outcome", "discarded")
    frozen.tick(2)
    page = client.get("/review?item=1", headers=LIVE).text
    assert "This draft no longer waits: cancelled." in page
    assert ("Later." in page, "Approve and send" in page) == (True, False)
    assert '<a href="/review?item=2">Next draft</a>' in page
    assert "Sooner." in client.get("/review?item=1").text


@pytest.mark.parametrize(
    ("action", "form", "command", "audited"),
    [
        ("approve", {}, ApproveReply(1, AT), "approved a draft"),
        ("approve", {"text-1": " At nine.\r\n"}, ApproveReply(1, AT), "approved a draft"),
        (
            "approve",
            {"text-1": "At ten."},
            ApproveReply(1, AT, {1: "At ten."}),
            "edited and approved a draft",
        ),
        ("discard", {"text-1": "At ten."}, DiscardReply(1, AT), "discarded a draft"),
    ],
)
def test_a_decision_is_handed_over_and_signed_and_the_next_draft_follows(
    client: FlaskClient,
    backend: Backend,
    action: str,
    form: dict[str, str],
    command: AwaitedCommand,
    audited: str,
) -> None:
    a_draft()
    answer = sends(client, f"/review/1/{action}", form)
    assert (answer.status_code, answer.location) == (303, "/review")
    assert backend.commands == [command]
    assert backend.audited == [("token", audited, "queue item 1")]


def test_from_a_thread_the_way_leads_back_to_it(client: FlaskClient, backend: Backend) -> None:
    a_draft()
    page = client.get("/conversations/1").text
    assert 'formaction="/review/1/approve?conversation=1"' in page
    answer = sends(client, "/review/1/discard?conversation=1")
    assert answer.location == "/conversations/1"


def test_what_cannot_be_sent_is_told_beside_the_draft_as_it_was_written(
    client: FlaskClient, backend: Backend
) -> None:
    a_draft()
    backend.answer = Conflict("the contact wrote more")
    answer = sends(client, "/review/1/approve", {"text-1": "At ten."})
    assert answer.status_code == 409
    assert "the contact wrote more" in answer.text
    assert "At ten." in answer.text


def test_the_navigation_counts_drafts_and_the_queue_leads_to_them(client: FlaskClient) -> None:
    assert '<span class="count">' not in client.get("/labels").text
    a_draft()
    assert '<span class="count">1</span>' in client.get("/labels").text
    queue = client.get("/queue?status=held").text
    assert 'href="/review?item=1"' in queue
    assert "waits for approval" in queue
