import pytest
from flask.testing import FlaskClient

from moca.core.content.content import Content
from moca.core.messages.command import Conflict, NotFound
from moca.core.messages.replies import QueueReply
from moca.core.messages.saved_replies import AddSavedReply, ChangeSavedReply, RemoveSavedReply
from moca.storage.db.operator_tables import SavedReply
from tests.support.values import of_kind
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import a_contact, a_conversation

HERE = "/saved-replies"
HOURS = {"name": "Hours", "shortcut": "/Hours", "text": "At nine, {first_name}."}


def a_saved_reply(**columns: str) -> SavedReply:
    told = {"name": "Hours", "shortcut": "hours", "text": "At nine, {first_name}."}
    return SavedReply.create(**told | columns)


def test_saved_replies_are_added_changed_and_removed(
    browser_session: FlaskClient, backend: Backend
) -> None:
    for path in (HERE, f"{HERE}/3"):
        answer = sends(browser_session, path, HOURS)
        assert (answer.status_code, answer.location) == (303, HERE)
    sends(browser_session, f"{HERE}/3/remove")

    text = "At nine, {first_name}."
    assert backend.commands == [
        AddSavedReply("Hours", "hours", text),
        ChangeSavedReply(3, "Hours", "hours", text),
        RemoveSavedReply(3),
    ]
    assert backend.audited == [
        ("link", "added a saved reply", ""),
        ("link", "changed a saved reply", "saved reply 3"),
        ("link", "removed a saved reply", "saved reply 3"),
    ]


def test_they_are_listed_with_their_placeholders(browser_session: FlaskClient) -> None:
    a_saved_reply(name="<b>Hours</b>")

    page = browser_session.get(HERE).text

    assert "&lt;b&gt;Hours&lt;/b&gt;" in page
    assert "<kbd>/hours</kbd>" in page
    assert "At nine, {first_name}." in page
    assert 'href="/saved-replies" aria-current="page"' in page


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": " "}, "name: must not be empty"),
        ({"name": "x" * 81}, "name: must not be longer than 80 characters"),
        ({"shortcut": "two words"}, "shortcut: use letters a-z, digits, hyphens and underscores"),
        ({"text": ""}, "text: must not be empty"),
        ({"text": "\u00e9" * 5001}, "text: must not be longer than 10000 bytes of UTF-8"),
        ({"text": "Hi {frist_name}"}, "did you mean {first_name}?"),
    ],
)
def test_what_is_refused_stays_in_its_form(
    browser_session: FlaskClient, backend: Backend, changes: dict[str, str], problem: str
) -> None:
    saved, draft = a_saved_reply(), HOURS | changes

    for path in (HERE, f"{HERE}/{saved.id}"):
        answer = sends(browser_session, path, draft)
        assert answer.status_code == 422
        assert answer.text.count(problem) == 1
        assert f'value="{draft["shortcut"]}"' in answer.text
    assert backend.commands == []


def test_a_conflict_and_a_removed_reply_are_told_on_the_page(
    browser_session: FlaskClient, backend: Backend
) -> None:
    backend.answer = Conflict("another saved reply has this name; choose a different one")
    taken = sends(browser_session, HERE, HOURS)
    backend.answer = NotFound()
    gone = sends(browser_session, f"{HERE}/7", HOURS)

    assert (taken.status_code, gone.status_code) == (409, 404)
    assert "another saved reply has this name" in taken.text
    assert '<p class="problem" role="alert">Not found.</p>' in gone.text
    assert sends(browser_session, f"{HERE}/nonsense/remove").status_code == 404


def test_the_composer_offers_them_filled(browser_session: FlaskClient) -> None:
    a_conversation(a_contact(name="Ada Lovelace"))
    a_saved_reply(text="At nine, {first_name}.\nBest wishes, {agent}")

    page = browser_session.get("/conversations/1").text

    assert 'data-shortcut="hours" data-text="At nine, Ada.\nBest wishes">Hours</option>' in page


def test_without_script_the_chosen_one_is_sent_filled(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation(a_contact(name=None))
    saved = a_saved_reply()

    sends(browser_session, "/conversations/1/messages", answer=str(saved.id))

    assert of_kind(backend.commands[0], QueueReply).content == Content(text="At nine.")


def test_a_saved_reply_that_is_gone_is_not_sent(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()

    answer = sends(browser_session, "/conversations/1/messages", answer="9")

    assert (answer.status_code, backend.commands) == (422, [])
    assert "Write a reply, choose a saved reply or attach a file." in answer.text
