"""Closing and snoozing offer to be undone, on the next page too."""

import json
import re

import peewee
import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.messages.command import Conflict, Done
from moca.core.messages.operator_actions import UndoClose, UndoSnooze
from moca.storage.db.operator_tables import AuditEntry
from moca.storage.db.tables import Conversation
from moca.storage.queries.pagination import microseconds_of
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.web.conftest import Backend, logged_in
from tests.web.desk import WebDesk
from tests.web.forms import SAME_ORIGIN, sends
from tests.web.pages.test_form_keys import fields_of
from tests.web.rows import AT, a_contact, a_conversation, after

HERE = "/conversations/bulk/undo"
DONE_AT = str(microseconds_of(AT))


@pytest.fixture
def two(browser_session: FlaskClient) -> FlaskClient:
    """A browser that sees two conversations."""
    for psid in ("700", "701"):
        a_conversation(a_contact(psid))
    return browser_session


def offered(page: str) -> tuple[str, str, list[str]] | None:
    """Return what a page offers to undo, and where it would."""
    form = re.search(r'<form class="done-form".*?</form>', page, re.DOTALL)
    if form is None:
        return None
    (said,) = re.findall("<span>(.*?)</span>", form[0])
    (action,) = re.findall('action="(.*?)"', form[0])
    assert re.findall('name="done_at" value="(.*?)"', form[0]) == [DONE_AT]
    return said, action, re.findall('name="conversation" value="(.*?)"', form[0])


@pytest.mark.parametrize(
    ("address", "offer"),
    [
        (
            f"/?closed=1-2&done_at={DONE_AT}",
            ("2 conversations closed.", f"{HERE}/closed", ["1", "2"]),
        ),
        (
            f"/?list=all_open&snoozed=2&done_at={DONE_AT}",
            ("Conversation snoozed.", f"{HERE}/snoozed", ["2"]),
        ),
        (
            f"/conversations/1?closed=1&done_at={DONE_AT}",
            ("Conversation closed.", f"{HERE}/closed", ["1"]),
        ),
        ("/", None),
        ("/?closed=1", None),
        ("/?closed=1&done_at=x", None),
        (f"/?closed=&done_at={DONE_AT}", None),
        (f"/?closed=x&done_at={DONE_AT}", None),
        (f"/?closed={'-'.join(map(str, range(1, 102)))}&done_at={DONE_AT}", None),
    ],
)
def test_a_page_offers_to_undo_what_led_to_it(
    two: FlaskClient, address: str, offer: tuple[str, str, list[str]] | None
) -> None:
    assert offered(two.get(address).text) == offer


@pytest.mark.parametrize(
    ("done", "command", "audited"),
    [
        ("closed", UndoClose, "undid closing a conversation"),
        ("snoozed", UndoSnooze, "undid snoozing a conversation"),
    ],
)
def test_each_is_undone(
    two: FlaskClient,
    backend: Backend,
    done: str,
    command: type[UndoClose] | type[UndoSnooze],
    audited: str,
) -> None:
    form = {"conversation": ["1", "2"], "done_at": str(microseconds_of(after(-5)))}
    answer = sends(two, f"{HERE}/{done}?list=closed", form)

    assert (answer.status_code, answer.location) == (303, "/?list=closed")
    assert backend.commands == [command(each, AT, after(-5)) for each in (1, 2)]
    assert backend.audited == [("link", audited, f"conversation {each}") for each in (1, 2)]


def test_one_leads_back_to_its_conversation(two: FlaskClient) -> None:
    answer = sends(two, f"{HERE}/closed", conversation="2", done_at=DONE_AT)
    assert (answer.status_code, answer.location) == (303, "/conversations/2")


def test_what_cannot_be_undone_is_told(two: FlaskClient, backend: Backend) -> None:
    backend.answer = Conflict("the contact has another open conversation")
    answer = sends(two, f"{HERE}/closed", conversation="2", done_at=DONE_AT)
    assert answer.status_code == 409
    assert "1 not changed: the contact has another open conversation." in answer.text


def test_of_several_only_those_that_were_closed_are_offered(
    two: FlaskClient, backend: Backend
) -> None:
    answers = {1: Done(), 2: Conflict("the conversation is already closed")}
    backend.answer = lambda command: answers[command.conversation_id]
    answer = sends(two, "/conversations/bulk/close", conversation=["1", "2"])
    assert offered(answer.text) == ("Conversation closed.", f"{HERE}/closed", ["1"])


@pytest.mark.parametrize(
    ("done", "form", "status"),
    [
        ("closed", {"done_at": DONE_AT}, 422),
        ("closed", {"conversation": "1"}, 422),
        ("closed", {"conversation": "1", "done_at": "yesterday"}, 422),
        ("opened", {"conversation": "1", "done_at": DONE_AT}, 404),
    ],
)
def test_nothing_and_what_is_unknown_is_refused(
    two: FlaskClient, backend: Backend, done: str, form: dict[str, str], status: int
) -> None:
    assert (sends(two, f"{HERE}/{done}", form).status_code, backend.commands) == (status, [])


def test_a_form_that_is_sent_twice_undoes_once(written_session: FlaskClient) -> None:
    a_conversation(
        status="closed", before_close=json.dumps({"at": int(DONE_AT), "state": {}, "counted": ()})
    )
    page = written_session.get(f"/?closed=1&done_at={DONE_AT}").text
    names = ("csrf_token", "form_key")
    form = page[page.index('class="done-form"') :]
    fields = {each: re.findall(f'name="{each}" value="(.*?)"', form)[0] for each in names}

    def send() -> TestResponse:
        data = {**fields, "conversation": "1", "done_at": DONE_AT}
        return written_session.post(f"{HERE}/closed", data=data, headers=SAME_ORIGIN)

    assert send().status_code == 303
    Conversation.update(status="closed").execute()
    assert (send().status_code, Conversation.get().status) == (303, "closed")
    what = AuditEntry.select(AuditEntry.what).tuples()
    assert list(what.where(AuditEntry.about == "conversation 1")) == [
        ("undid closing a conversation",)
    ]


@pytest.mark.parametrize(
    "act",
    [
        "/conversations/1/close",
        "/conversations/1/snooze/reply",
        "/conversations/bulk/close",
        "/conversations/bulk/snooze/reply",
    ],
)
def test_both_answers_to_a_double_click_offer_the_same_undo(
    database: peewee.Database, config: WebConfig, frozen: FrozenDateTimeFactory, act: str
) -> None:
    a_conversation()
    desk = WebDesk(database)
    session = logged_in(
        create_app(WebPorts(database=database, tell=desk.tell, health=Health), config)
    )
    form = {**fields_of(session), "conversation": "1"}
    during: list[TestResponse] = []

    def click() -> TestResponse:
        return session.post(act, data=form, headers=SAME_ORIGIN)

    def meanwhile(_command: object) -> None:
        desk.on_the_way = lambda command: None
        frozen.tick(1)
        during.append(click())

    desk.on_the_way = meanwhile
    first = click()
    frozen.tick(1)

    answers = [first, *during, click()]
    done, done_at = ("snoozed" if "snooze" in act else "closed"), microseconds_of(after(1))
    place = f"{'/' if 'bulk' in act else '/conversations/1'}?{done}=1&done_at={done_at}"
    assert [(each.status_code, each.location) for each in answers] == [(303, place)] * 3

    undo = {"conversation": "1", "done_at": str(done_at)}
    assert sends(session, f"{HERE}/{done}", undo).status_code == 303
    (conversation,) = Conversation.select()
    assert (conversation.status, conversation.snoozed_at) == ("open", None)


def test_a_repeated_form_offers_what_it_has_done_last(two: FlaskClient, backend: Backend) -> None:
    earlier = {1: Done(is_repeat=True, done_at=after(-5)), 2: Done()}
    backend.answer = lambda command: earlier[command.conversation_id]
    answer = sends(two, "/conversations/bulk/close", conversation=["1", "2"])
    assert answer.location == f"/?closed=2&done_at={DONE_AT}"


def test_of_a_page_that_was_opened_long_ago_only_its_own_closing_is_undone(
    written_session: FlaskClient,
) -> None:
    a_conversation(status="closed", before_close=json.dumps({"at": int(DONE_AT) + 1}))
    answer = sends(written_session, f"{HERE}/closed", conversation="1", done_at=DONE_AT)
    assert (answer.status_code, Conversation.get().status) == (409, "closed")
    because = "the conversation has been reopened and closed again since"
    assert f"1 not changed: {because}." in answer.text
