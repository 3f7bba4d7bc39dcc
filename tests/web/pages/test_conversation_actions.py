from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from moca.core.content.content import Content, QuickReply
from moca.core.messages.command import Conflict
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import AddNote, RemoveNote
from moca.core.messages.replies import QueueReply
from moca.core.types import Author, ConversationStatus, Priority
from moca.storage.db.operator_tables import Note
from moca.storage.queries.pagination import microseconds_of
from tests.support.values import of_kind
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import AT, a_contact, a_conversation

HERE = "/conversations/1"


def test_an_operator_writes(browser_session: FlaskClient, backend: Backend) -> None:
    a_conversation()

    answer = sends(
        browser_session, f"{HERE}/messages", text="At nine.\r\nSee you!", priority="high"
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, HERE)
    content = Content(text="At nine.\nSee you!")
    by, first = Author.OPERATOR, Priority.HIGH
    reply = QueueReply(1, (), content, AT, by, first, None, author_name="Administrator", hold=True)
    assert backend.commands == [reply]
    assert backend.audited == [("link", "sent a reply", "conversation 1")]


def test_an_operator_lets_the_bot_go_on(browser_session: FlaskClient, backend: Backend) -> None:
    a_conversation()

    assert "Keep the bot active" in browser_session.get(HERE).text
    sends(browser_session, f"{HERE}/messages", text="At nine.", bot_continues="1")

    assert of_kind(backend.commands[0], QueueReply).hold is False


def test_an_operator_writes_for_later_in_their_own_zone(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()

    sends(browser_session, f"{HERE}/messages", text="Hi", at="2026-11-22T15:30", offset="-60")

    assert of_kind(backend.commands[0], QueueReply).scheduled_for == AT + timedelta(
        hours=2, minutes=30
    )


def test_an_operator_offers_quick_replies_one_a_line(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()

    sends(browser_session, f"{HERE}/messages", text="Which?", quick_replies="Red\r\n\r\n Blue \r\n")

    choices = tuple(QuickReply(title=title, payload=title) for title in ("Red", "Blue"))
    assert of_kind(backend.commands[0], QueueReply).content == Content(
        text="Which?", quick_replies=choices
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "  "},
        {"text": "x" * 10_001},
        {"text": "a\x00b"},
        {"text": "Hi", "quick_replies": "more than twenty characters"},
        {"text": "Hi", "quick_replies": "\n".join(map(str, range(14)))},
        {"text": "Hi", "quick_replies": "a\x00b"},
        {"text": "Hi", "priority": "now"},
        {"text": "Hi", "at": "tomorrow"},
        {"text": "Hi", "at": "2026-11-22T11:00"},
        {"text": "Hi", "at": "2029-11-22T11:00"},
        {"text": "Hi", "at": "9999-12-31T23:59", "offset": "840"},
        {"text": "Hi", "at": "2026-11-22T15:30", "offset": "9999"},
        {"text": "Hi", "at": "2026-11-22T15:30", "offset": "x"},
        {"answer": "99"},
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_reason(
    browser_session: FlaskClient, backend: Backend, fields: dict[str, str]
) -> None:
    a_conversation()

    answer = sends(
        browser_session,
        f"{HERE}/messages",
        fields,
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert backend.commands == []


@pytest.mark.parametrize(
    ("act", "fields", "status", "until"),
    [
        ("take-over", {"minutes": "60"}, ConversationStatus.HUMAN, None),
        ("hand-back", {}, ConversationStatus.OPEN, None),
        ("pause", {"minutes": "60"}, ConversationStatus.PAUSED, AT + timedelta(hours=1)),
        ("pause", {"minutes": ""}, ConversationStatus.PAUSED, None),
        ("close", {}, ConversationStatus.CLOSED, None),
        ("reopen", {}, ConversationStatus.OPEN, None),
    ],
)
def test_an_operator_says_who_may_answer(
    browser_session: FlaskClient,
    backend: Backend,
    act: str,
    fields: dict[str, str],
    status: ConversationStatus,
    until: datetime | None,
) -> None:
    a_conversation()

    answer = sends(browser_session, f"{HERE}/{act}", fields)

    place = f"{HERE}?closed=1&done_at={microseconds_of(AT)}" if act == "close" else HERE
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    assert backend.commands == [ChangeConversation(1, status, AT, until, by="Administrator")]


def test_what_its_state_does_not_allow_is_told(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()
    backend.answer = Conflict("the conversation is closed")

    answer = sends(
        browser_session,
        f"{HERE}/take-over",
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )

    assert answer.status_code == 409
    assert "the conversation is closed" in answer.text


def test_nothing_is_done_without_the_token_of_this_browsers_own_page(
    browser_session: FlaskClient, app: Flask, backend: Backend
) -> None:
    a_conversation()
    other = app.test_client()
    other.set_cookie("moca_session", "another")
    same_origin = {"Sec-Fetch-Site": "same-origin"}

    for data, headers in (
        ({}, same_origin),
        ({"csrf_token": "forged"}, same_origin),
        ({"csrf_token": "x"}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = browser_session.post(f"{HERE}/close", data=data, headers=headers)
        assert answer.status_code == 403
    assert (
        sends(
            browser_session, f"{HERE}/close", headers={"Sec-Fetch-Site": "cross-site"}
        ).status_code
        == 403
    )
    assert backend.commands == []


BROWSER = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


def test_a_refused_reply_stands_in_its_composer_with_the_reason(
    browser_session: FlaskClient,
) -> None:
    a_conversation()
    written = {"text": "Which <b>one</b>?", "quick_replies": "more than twenty characters"}
    written |= {"priority": "low", "at": "2026-11-22T15:30", "bot_continues": "1"}

    page = sends(browser_session, f"{HERE}/messages", written, headers=BROWSER).text

    problem = page.split('id="problem" role="alert">')[1].split("</p>")[0]
    composer = page.split('id="write"')[1].split("</form>")[0]
    assert "must not be longer than 20 characters" in problem
    assert "Which &lt;b&gt;one&lt;/b&gt;?</textarea>" in composer
    assert "more than twenty characters</textarea>" in composer
    assert 'value="2026-11-22T15:30"' in composer
    assert '<option value="low" selected>' in composer
    assert 'value="1" checked' in composer


def test_a_reply_to_a_conversation_closed_meanwhile_is_not_lost(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation(status="closed")
    backend.answer = Conflict("the conversation is closed")

    answer = sends(browser_session, f"{HERE}/messages", headers=BROWSER, text="At nine.")

    assert answer.status_code == 409
    assert "the conversation is closed</p>" in answer.text
    assert "At nine.</textarea>" in answer.text


@pytest.mark.parametrize("opened", [AT - timedelta(days=6), None])
def test_a_reply_is_not_scheduled_beyond_the_reply_window(
    browser_session: FlaskClient, backend: Backend, opened: datetime | None
) -> None:
    a_conversation(a_contact(window_opened_at=opened))

    answer = sends(
        browser_session, f"{HERE}/messages", headers=BROWSER, text="Hi", at="2026-11-24T15:30"
    )

    assert answer.status_code == 422
    assert "Send at: the reply window closes before this time." in answer.text
    assert backend.commands == []


def test_a_refused_note_stands_in_its_field_with_the_reason(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()
    backend.answer = Conflict("the conversation is being erased")

    page = sends(browser_session, f"{HERE}/notes", headers=BROWSER, note="Owes us 5.").text

    form = page.split("the conversation is being erased</p>")[-1].split("</form>")[0]
    assert "Owes us 5.</textarea>" in form


def test_colleagues_leave_notes_and_take_them_away(
    browser_session: FlaskClient, backend: Backend
) -> None:
    talk = a_conversation()
    note = Note.create(conversation=talk, author="ada", text="owes us 5 €", created_at=AT)

    assert "owes us 5 €" in browser_session.get(HERE).text
    sends(browser_session, f"{HERE}/notes", note="Waits for a refund.")
    sends(browser_session, f"{HERE}/notes/{note.id}/remove")

    assert backend.commands == [
        AddNote(1, "link", "Waits for a refund.", AT),
        RemoveNote(note.id),
    ]
