import pytest
from flask.testing import FlaskClient

from moca.core.messages.command import Conflict, NotFound
from moca.core.messages.labels import (
    AddLabel,
    ChangeLabel,
    LabelColour,
    LabelConversation,
    RemoveLabel,
)
from tests.web.api.test_labels import a_label
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import AT, a_contact, a_conversation

HERE = "/labels"
RED = LabelColour.RED
REFUND = {"name": "Refund", "colour": "red"}
MARK = '<bdi class="label" data-colour="red">Refund</bdi>'


def test_labels_are_added_changed_and_removed(
    browser_session: FlaskClient, backend: Backend
) -> None:
    for path in (HERE, f"{HERE}/3"):
        answer = sends(browser_session, path, REFUND)
        assert (answer.status_code, answer.location) == (303, HERE)
    sends(browser_session, f"{HERE}/3/remove")

    assert backend.commands == [
        AddLabel("Refund", RED),
        ChangeLabel(3, "Refund", RED),
        RemoveLabel(3),
    ]
    assert backend.audited == [
        ("link", "added a label", ""),
        ("link", "changed a label", "label 3"),
        ("link", "removed a label", "label 3"),
    ]


def test_they_are_listed_with_their_colours(browser_session: FlaskClient) -> None:
    a_label("<b>Refund</b>")

    page = browser_session.get(HERE).text

    assert '<bdi class="label" data-colour="red">&lt;b&gt;Refund&lt;/b&gt;</bdi>' in page
    assert 'href="/?list=all_open&amp;label=1"' in page
    assert 'value="red" required checked' in page


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": " "}, "name: must not be empty"),
        ({"name": "x" * 41}, "name: must not be longer than 40 characters"),
        ({"name": "two\nlines"}, "name: must be one line of text"),
        ({"colour": "crimson"}, "colour: choose one of the palette"),
        ({"colour": ""}, "colour: choose one of the palette"),
    ],
)
def test_what_is_refused_stays_in_its_form(
    browser_session: FlaskClient, backend: Backend, changes: dict[str, str], problem: str
) -> None:
    label, draft = a_label(), REFUND | changes

    for path in (HERE, f"{HERE}/{label.id}"):
        answer = sends(browser_session, path, draft)
        assert answer.status_code == 422
        assert answer.text.count(problem) == 1
    assert backend.commands == []


def test_a_conflict_and_a_removed_label_are_told_on_the_page(
    browser_session: FlaskClient, backend: Backend
) -> None:
    backend.answer = Conflict("another label has this name; choose a different one")
    taken = sends(browser_session, HERE, REFUND)
    backend.answer = NotFound()
    gone = sends(browser_session, f"{HERE}/7", REFUND)

    assert (taken.status_code, gone.status_code) == (409, 404)
    assert "another label has this name" in taken.text
    assert 'value="Refund"' in taken.text
    assert '<p class="problem" role="alert">Not found.</p>' in gone.text
    assert sends(browser_session, f"{HERE}/nonsense/remove").status_code == 404


def test_a_conversation_gets_and_loses_a_label(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()

    for act in ("4/add", "5/remove"):
        answer = sends(browser_session, f"/conversations/1/labels/{act}")
        assert (answer.status_code, answer.location) == (303, "/conversations/1")

    assert backend.commands == [LabelConversation(1, (4,)), LabelConversation(1, (), (5,))]
    assert sends(browser_session, "/conversations/1/labels/x/add").status_code == 404


def test_too_many_labels_are_told_beside_the_conversation(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation()
    backend.answer = Conflict("a conversation has at most 10 labels; remove one first")

    answer = sends(browser_session, "/conversations/1/labels/4/add")

    assert answer.status_code == 409
    assert "a conversation has at most 10 labels" in answer.text
    assert 'id="bubbles"' in answer.text


def test_the_conversation_shows_its_labels_and_offers_all(browser_session: FlaskClient) -> None:
    a_label(of=a_conversation())
    a_label("VIP", "grey")

    page = browser_session.get("/conversations/1").text

    assert page.count(MARK) == 5
    assert 'aria-pressed="true" formaction="/conversations/1/labels/1/remove"' in page
    assert 'aria-pressed="false" formaction="/conversations/1/labels/2/add"' in page


def test_rows_show_three_labels_and_count_the_others(browser_session: FlaskClient) -> None:
    conversation = a_conversation()
    for name in ("A", "B", "C", "D", "E"):
        a_label(name, of=conversation)

    page = browser_session.get("/").text

    assert page.split('id="list"')[1].split("</ul>")[0].count('class="label"') == 3
    assert '<span class="muted" title="D, E">+2</span>' in page


def test_the_inbox_is_filtered_by_label(browser_session: FlaskClient) -> None:
    a_label(of=a_conversation(status="human", needs_reply_since=AT))
    a_conversation(a_contact("701"))

    for work_list in ("needs_reply", "all_open"):
        page = browser_session.get(f"/?list={work_list}&label=1").text
        assert page.count('class="row"') == 1
        assert f'href="/?list={work_list}&amp;label=1" aria-current="page"' in page
    assert 'href="/conversations/1?label=1"' in page
    assert '<option value="1" selected>Refund</option>' in page

    gone = browser_session.get("/?label=9").text
    assert "No conversations with this label here." in gone
    assert '<option value="9" selected>Removed label</option>' in gone
    assert browser_session.get("/?label=x").status_code == 404
