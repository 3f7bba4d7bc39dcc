"""Closing and snoozing offer to be undone, on the next page too."""

import re

import pytest

from moca.core.messages.command import Conflict, Done
from moca.core.messages.operator_actions import UndoClose, UnsnoozeConversation
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.tables import Conversation
from tests.web.forms import SAME_ORIGIN, sends
from tests.web.rows import AT, a_contact, a_conversation

HERE = "/conversations/bulk/undo"


@pytest.fixture
def two(browser_session):
    """A browser that sees two conversations."""
    for psid in ("700", "701"):
        a_conversation(a_contact(psid))
    return browser_session


def offered(page):
    """Return what a page offers to undo, and where it would."""
    form = re.search(r'<form class="done-form".*?</form>', page, re.DOTALL)
    if form is None:
        return None
    (said,) = re.findall("<span>(.*?)</span>", form[0])
    (action,) = re.findall('action="(.*?)"', form[0])
    return said, action, re.findall('name="conversation" value="(.*?)"', form[0])


@pytest.mark.parametrize(
    ("address", "offer"),
    [
        ("/?closed=1-2", ("2 conversations closed.", f"{HERE}/closed", ["1", "2"])),
        (
            "/?list=all_open&snoozed=2",
            ("Conversation snoozed.", f"{HERE}/snoozed", ["2"]),
        ),
        ("/conversations/1?closed=1", ("Conversation closed.", f"{HERE}/closed", ["1"])),
        ("/", None),
        ("/?closed=", None),
        ("/?closed=x", None),
        ("/?closed=" + "-".join(map(str, range(1, 102))), None),
    ],
)
def test_a_page_offers_to_undo_what_led_to_it(two, address, offer):
    assert offered(two.get(address).text) == offer


@pytest.mark.parametrize(
    ("done", "command", "audited"),
    [
        ("closed", UndoClose, "undid closing a conversation"),
        ("snoozed", UnsnoozeConversation, "ended a snooze"),
    ],
)
def test_each_is_undone(two, house, done, command, audited):
    answer = sends(two, f"{HERE}/{done}?list=closed", conversation=["1", "2"])

    assert (answer.status_code, answer.location) == (303, "/?list=closed")
    assert house.told == [command(1, AT), command(2, AT)]
    assert house.deeds == [("link", audited, f"conversation {each}") for each in (1, 2)]


def test_one_leads_back_to_its_conversation(two):
    answer = sends(two, f"{HERE}/closed", conversation="2")
    assert (answer.status_code, answer.location) == (303, "/conversations/2")


def test_what_cannot_be_undone_is_told(two, house):
    house.answer = Conflict("the contact has another open conversation")
    answer = sends(two, f"{HERE}/closed", conversation="2")
    assert answer.status_code == 409
    assert "1 not changed: the contact has another open conversation." in answer.text


def test_of_several_only_those_that_were_closed_are_offered(two, house):
    answers = {1: Done(), 2: Conflict("the conversation is already closed")}
    house.answer = lambda command: answers[command.conversation_id]
    answer = sends(two, "/conversations/bulk/close", conversation=["1", "2"])
    assert offered(answer.text) == ("Conversation closed.", f"{HERE}/closed", ["1"])


@pytest.mark.parametrize(("done", "status"), [("closed", 422), ("opened", 404)])
def test_nothing_and_what_is_unknown_is_refused(two, house, done, status):
    assert (sends(two, f"{HERE}/{done}").status_code, house.told) == (status, [])


def test_a_form_that_is_sent_twice_undoes_once(written_session):
    a_conversation(status="closed")
    page = written_session.get("/?closed=1").text
    names = ("csrf_token", "form_key")
    form = page[page.index('class="done-form"') :]
    fields = {each: re.findall(f'name="{each}" value="(.*?)"', form)[0] for each in names}

    def send():
        data = {**fields, "conversation": "1"}
        return written_session.post(f"{HERE}/closed", data=data, headers=SAME_ORIGIN)

    assert send().status_code == 303
    Conversation.update(status="closed").execute()
    assert (send().status_code, Conversation.get().status) == (303, "closed")
    what = AuditEntry.select(AuditEntry.what).tuples()
    assert list(what.where(AuditEntry.about == "conversation 1")) == [
        ("undid closing a conversation",)
    ]
