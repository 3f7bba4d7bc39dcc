"""A form is executed once, however often it is sent."""

import re

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import Note, Operator
from moca.storage.db.tables import Conversation
from moca.storage.operators.idempotency import IdempotencyKey
from moca.web.app import create_app
from moca.web.config import Health, WebConfig, WebPorts
from tests.support.values import captured
from tests.web.desk import WebDesk, replies
from tests.web.forms import SAME_ORIGIN
from tests.web.rows import AT, a_conversation, a_reply, an_item


@pytest.fixture
def desk(database: peewee.Database) -> WebDesk:
    return WebDesk(database)


@pytest.fixture
def app(database: peewee.Database, desk: WebDesk, config: WebConfig) -> Flask:
    return create_app(WebPorts(database=database, tell=desk.tell, health=Health), config)


HERE = "/conversations/1"


def fields_of(client: FlaskClient, path: str = HERE) -> dict[str, str]:
    page = client.get(path).text
    return {
        name: captured(f'name="{name}" value="([^"]+)"', page)
        for name in ("csrf_token", "form_key")
    }


def sent(client: FlaskClient, path: str, fields: dict[str, str], **more: str) -> TestResponse:
    return client.post(
        path, data={**fields, **more}, headers={**SAME_ORIGIN, "Accept": "text/html"}
    )


def test_a_form_that_is_sent_twice_is_carried_out_once(browser_session: FlaskClient) -> None:
    a_conversation()
    fields = fields_of(browser_session)

    first, again = [
        sent(browser_session, f"{HERE}/messages", fields, text="At nine.") for _ in range(2)
    ]

    assert [(each.status_code, each.headers["Location"]) for each in (first, again)] == [
        (303, HERE)
    ] * 2
    assert replies() == 1


def test_a_double_click_on_a_slow_server_is_led_to_the_same_page(
    browser_session: FlaskClient, desk: WebDesk, app: Flask
) -> None:
    a_conversation()
    fields = fields_of(browser_session)
    during = []

    def meanwhile(_command: object) -> None:
        desk.on_the_way = lambda command: None
        during.append(sent(browser_session, f"{HERE}/notes", fields, note="Owes us 5."))

    desk.on_the_way = meanwhile
    first = sent(browser_session, f"{HERE}/notes", fields, note="Owes us 5.")

    assert [each.headers["Location"] for each in (first, *during)] == [f"{HERE}#notes"] * 2
    assert Note.select().count() == 1


def test_each_page_view_has_a_key_of_its_own(browser_session: FlaskClient) -> None:
    a_conversation()
    for _ in range(2):
        sent(browser_session, f"{HERE}/messages", fields_of(browser_session), text="At nine.")
    assert replies() == 2


def test_each_button_of_a_form_is_an_act_of_its_own(browser_session: FlaskClient) -> None:
    a_conversation()
    fields = fields_of(browser_session)
    for act in ("pause", "close", "close"):
        assert sent(browser_session, f"{HERE}/{act}", fields).status_code == 303
    assert Conversation.get().status == "closed"


def test_a_form_shown_again_with_other_words_says_that_it_was_sent(
    browser_session: FlaskClient,
) -> None:
    a_conversation()
    fields = fields_of(browser_session)
    sent(browser_session, f"{HERE}/messages", fields, text="At nine.")

    answer = sent(browser_session, f"{HERE}/messages", fields, text="At ten.")

    assert answer.status_code == 409
    assert "This form was already submitted, so nothing was changed this time." in answer.text
    assert replies() == 1


def test_nothing_of_what_was_written_is_kept_for_a_form(browser_session: FlaskClient) -> None:
    a_conversation()
    sent(browser_session, f"{HERE}/messages", fields_of(browser_session), text="At nine.")
    assert IdempotencyKey.get().body == HERE


def test_every_form_that_is_sent_has_a_key(browser_session: FlaskClient, app: Flask) -> None:
    talk = a_conversation()
    an_item(a_reply(talk))
    Operator.create(name="Ada", role=OperatorRole.READS, password_hash="", created_at=AT)
    Note.create(conversation=talk, author="Ada", text="note", created_at=AT)
    pages = (HERE, "/queue", "/queue/1/edit", "/accounts", "/users", "/start", "/settings", "/")
    shown = " ".join(browser_session.get(page).text for page in pages)
    forms = re.findall(r'<form[^>]*method="post".*?</form>', shown, re.DOTALL)
    assert len(forms) >= 8
    assert all('name="form_key"' in form for form in forms)
