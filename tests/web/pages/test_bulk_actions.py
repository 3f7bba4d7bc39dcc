"""What an agent does to several conversations at once."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound
from moca.core.messages.labels import LabelConversation
from moca.core.messages.operator_actions import ChangeConversation, SnoozeConversation
from moca.core.types import ConversationStatus
from moca.storage.db.operator_tables import AuditEntry, Operator
from moca.storage.db.tables import Conversation
from moca.storage.queries.pagination import microseconds_of
from tests.web.api.test_labels import a_label
from tests.web.conftest import Backend
from tests.web.forms import SAME_ORIGIN, sends
from tests.web.pages.test_form_keys import fields_of
from tests.web.rows import AT, a_contact, a_conversation, assigned

HERE = "/conversations/bulk"
ALL = "/?list=all_open"
CLOSED = ConversationStatus.CLOSED
GONE = "the conversation has been erased"
DONE_AT = f"done_at={microseconds_of(AT)}"
BY = "Administrator (link)"


def close(number: int) -> ChangeConversation:
    return ChangeConversation(number, CLOSED, AT, by="Administrator")


@pytest.fixture
def three(browser_session: FlaskClient) -> FlaskClient:
    """A browser that sees three conversations."""
    for psid, name in (("700", "Ada"), ("701", "Ben"), ("702", "Cleo")):
        a_conversation(a_contact(psid, name=name))
    return browser_session


def selects(client: FlaskClient, act: str, *ids: int | str, **fields: str) -> TestResponse:
    return sends(client, f"{HERE}/{act}", fields, conversation=[str(each) for each in ids])


def test_each_is_closed_as_by_a_click_on_it(three: FlaskClient, backend: Backend) -> None:
    answer = selects(three, "close?list=all_open&label=4", 3, 1, 3)

    place = f"/?list=all_open&label=4&closed=1-3&{DONE_AT}"
    assert (answer.status_code, answer.location) == (303, place)
    assert backend.commands == [close(1), close(3)]
    assert backend.audited == [
        ("link", "closed the conversation", "conversation 1"),
        ("link", "closed the conversation", "conversation 3"),
    ]


@pytest.mark.parametrize(
    ("act", "commands"),
    [
        ("assign/1", [assigned(1, 1, "ada", BY), assigned(2, 1, "ada", BY)]),
        ("assign/none", [assigned(1, None, by=BY), assigned(2, None, by=BY)]),
        ("labels/4/add", [LabelConversation(1, (4,)), LabelConversation(2, (4,))]),
        ("labels/4/remove", [LabelConversation(1, (), (4,)), LabelConversation(2, (), (4,))]),
        ("snooze/reply", [SnoozeConversation(1, AT), SnoozeConversation(2, AT)]),
        (
            "snooze/tomorrow",
            [SnoozeConversation(each, AT, AT + timedelta(hours=20)) for each in (1, 2)],
        ),
    ],
)
def test_each_is_assigned_labelled_or_snoozed(
    three: FlaskClient, backend: Backend, act: str, commands: list[AwaitedCommand]
) -> None:
    Operator.create(name="ada", role="answers", password_hash="", created_at=AT)

    answer = selects(three, act, 1, 2, zone="Europe/Berlin")

    place = f"/?snoozed=1-2&{DONE_AT}" if act.startswith("snooze") else "/"
    assert (answer.status_code, answer.location, backend.commands) == (303, place, commands)


def test_they_are_snoozed_until_a_date_in_the_browsers_zone(
    three: FlaskClient, backend: Backend
) -> None:
    date = {"snooze_at": "2026-12-24T10:00", "zone": "Europe/Berlin"}

    answer = selects(three, "snooze/date", 1, 3, **date)

    morning = datetime(2026, 12, 24, 9, tzinfo=UTC)
    assert answer.status_code == 303
    assert backend.commands == [SnoozeConversation(each, AT, morning) for each in (1, 3)]


def test_what_could_not_be_done_is_told_above_the_list(
    three: FlaskClient, backend: Backend
) -> None:
    answers = {1: Done(), 2: Conflict("the conversation is already closed"), 8: NotFound()}
    backend.answer = lambda command: answers.get(command.conversation_id, NotFound())

    answer = selects(three, "close?list=all_open", 1, 2, 8, 9)

    assert answer.status_code == 409
    assert (
        f"1 changed. 2 not changed: {GONE}. 1 not changed: the conversation is already closed."
        in answer.text
    )
    assert answer.text.count('class="row"') == 3
    assert f'href="{ALL}" aria-current="page"' in answer.text


def test_a_server_that_is_too_busy_is_told(three: FlaskClient, backend: Backend) -> None:
    backend.refuses = RuntimeError("the mailbox is full")
    answer = selects(three, "close", 1)
    assert "0 changed. 1 not changed: storing this took too long" in answer.text


@pytest.mark.parametrize(
    ("act", "ids", "status"),
    [
        ("close", (), 422),
        ("close", range(1, 102), 422),
        ("close", ("x",), 404),
        ("assign/9", (1,), 422),
        ("labels/x/add", (1,), 404),
        ("labels/1/toggle", (1,), 404),
        ("snooze/date", (1,), 422),
        ("snooze/soon", (1,), 404),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    three: FlaskClient, backend: Backend, act: str, ids: range | tuple[int | str, ...], status: int
) -> None:
    assert (selects(three, act, *ids).status_code, backend.commands) == (status, [])


def test_as_many_as_a_hundred_are_taken(three: FlaskClient, backend: Backend) -> None:
    assert selects(three, "close", *range(1, 101)).status_code == 303
    assert len(backend.commands) == 100


def test_rows_can_be_selected_by_those_who_may_answer(three: FlaskClient) -> None:
    a_label()
    page = three.get(ALL).text

    assert page.count('type="checkbox" id="pick-') == 3
    assert 'name="conversation" value="2" form="bulk" autocomplete="off">' in page
    assert '<span class="unseen">Select <bdi>Ben</bdi></span>' in page
    assert f'formaction="{HERE}/labels/1/add?list=all_open"' not in page
    assert f'formaction="{HERE}/labels/1/add"' in page
    assert f'formaction="{HERE}/labels/1/remove"' in page
    assert 'data-max-selected="100"' in page
    assert f'formaction="{HERE}/snooze/hour?list=closed"' in three.get("/?list=closed").text


def test_a_form_that_is_sent_twice_changes_each_once(written_session: FlaskClient) -> None:
    for number in range(3):
        a_conversation(a_contact(str(number)))
    fields = {**fields_of(written_session, "/"), "conversation": ["1", "2"]}

    def send() -> TestResponse:
        return written_session.post(f"{HERE}/close", data=fields, headers=SAME_ORIGIN)

    first = send()
    Conversation.update(status="open").where(Conversation.id == 1).execute()
    again = send()

    place = f"/?closed=1-2&{DONE_AT}"
    assert [(each.status_code, each.location) for each in (first, again)] == [(303, place)] * 2
    assert AuditEntry.select().where(AuditEntry.what == "closed the conversation").count() == 2
    assert [each.status for each in Conversation.select().order_by(Conversation.id)] == [
        "open",
        "closed",
        "open",
    ]

    fields["conversation"] = ["2", "3"]
    reused = send()
    assert reused.status_code == 409
    assert "This form was already submitted" in reused.text
