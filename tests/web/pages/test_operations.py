"""The pages about Moca itself: permissions and refusals."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import peewee
import pytest
from flask import Flask
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.accounts import SealedToken
from moca.core.messages.accounts import ChangeAccount
from moca.core.messages.command import AwaitedCommand, Conflict
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
    SettleReply,
)
from moca.storage.db.metric_tables import Freeze
from moca.storage.db.operator_tables import Login, Operator
from moca.storage.db.tables import Account
from moca.web.config import DoctorFinding, Health, WebConfig, WebPorts
from moca.web.pages.setup import DoctorRunner
from moca.web.presenters.queue_forecast import ForecastCache, forecast_queue
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import AT, a_contact, a_conversation, a_reply, an_item

OURS = "17841400000000007"


def an_account() -> Account:
    return Account.create(
        account_id=OURS,
        flavour="instagram_login",
        username="the_shop",
        created_at=AT,
        sealed_token="sealed",
        token_stored_at=AT,
        token_issued_at=AT,
        token_expires_at=AT + timedelta(days=60),
    )


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    """A browser of an operator who may only read."""
    ada = Operator.create(name="ada", role="reads", password_hash="", created_at=AT)
    key = "operator.the-key-of-ada"
    client = app.test_client()
    client.set_cookie("moca_session", key)
    hashed = hashlib.sha256(key.encode()).hexdigest()
    ends_at = AT + timedelta(days=1)
    Login.create(key=hashed, operator=ada, opened_at=AT, seen_at=AT, ends_at=ends_at)
    return client


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/queue/freeze", FreezeQueue(AT)),
        ("/queue/release", ReleaseQueue(AT)),
        ("/queue/1/cancel", CancelReply(1, AT)),
        ("/queue/1/retry", RetryReply(1, AT)),
        ("/queue/1/arrived", SettleReply(1, delivered=True, at=AT)),
        ("/queue/1/lost", SettleReply(1, delivered=False, at=AT)),
    ],
)
def test_a_button_of_the_queue_hands_its_command_over(
    browser_session: FlaskClient, backend: Backend, path: str, command: AwaitedCommand
) -> None:
    an_item(a_reply(a_conversation()))

    answer = sends(browser_session, path, token_from="/queue")

    assert (answer.status_code, answer.location) == (303, "/queue")
    assert backend.commands == [command]


def test_an_edited_text_is_handed_over(browser_session: FlaskClient, backend: Backend) -> None:
    an_item(a_reply(a_conversation()))

    answer = sends(browser_session, "/queue/1/edit", token_from="/queue/1/edit", text="At ten.")

    assert (answer.status_code, backend.commands) == (303, [EditReply(1, "At ten.", AT)])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/queue?status=odd", 404),
        ("/queue?cursor=odd", 422),
        ("/queue/99/edit", 404),
        ("/queue/odd/edit", 404),
        ("/health?hours=5", 404),
        ("/accounts/nobody/remove", 404),
    ],
)
def test_what_is_not_there_is_told(browser_session: FlaskClient, path: str, status: int) -> None:
    assert browser_session.get(path).status_code == status


def test_whoever_only_reads_sees_the_queue_and_changes_nothing(
    reader: FlaskClient, backend: Backend
) -> None:
    an_item(a_reply(a_conversation()))

    page = reader.get("/queue").text

    assert "At nine." in page
    assert "Pause sending" not in page
    assert "/cancel" not in page
    assert reader.post("/queue/freeze", data={}).status_code == 403
    assert backend.commands == []


@pytest.mark.parametrize("path", ["/settings"])
def test_the_settings_are_for_administrators(reader: FlaskClient, path: str) -> None:
    assert reader.get(path).status_code == 403


def test_no_form_is_taken_without_its_seal(browser_session: FlaskClient, backend: Backend) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser_session.post("/queue/freeze", headers=headers).status_code == 403
    assert backend.commands == []


def test_a_frozen_queue_is_told_on_every_page_and_to_nobody_else(
    browser_session: FlaskClient, stranger: FlaskClient
) -> None:
    Freeze.create(name="queue", since_at=AT)
    for path in ("/", "/queue", "/health", "/accounts", "/settings", "/start"):
        assert "Sending is paused" in browser_session.get(path).text, path
    assert "Frozen" not in stranger.get("/queue").text


def test_a_pasted_token_is_sealed_and_handed_over(
    browser_session: FlaskClient, backend: Backend
) -> None:
    an_account()

    sends(browser_session, f"/accounts/{OURS}/token", token_from="/accounts", token="the-new-one")

    ends_at = AT + timedelta(days=60)
    sealed = SealedToken("sealed:the-new-one", AT, ends_at)
    assert backend.commands == [ChangeAccount(OURS, AT, token=sealed)]


@pytest.mark.parametrize("token", ["", "two words", "tökén", "x" * 4097])
def test_what_is_no_token_is_refused(
    browser_session: FlaskClient, backend: Backend, token: str
) -> None:
    an_account()
    path = f"/accounts/{OURS}/token"
    assert sends(browser_session, path, token_from="/accounts", token=token).status_code == 422
    assert backend.commands == []


def test_a_long_queue_is_not_forecast_anew_at_every_look(
    database: peewee.Database, config: WebConfig
) -> None:
    talk = a_conversation()
    for _ in range(501):
        an_item(a_reply(talk))
    forecasts, now = ForecastCache(config), AT
    with database.connection_context():
        first = forecasts.look(now)
        an_item(a_reply(talk))
        Freeze.create(name="queue", since_at=AT)
        again = forecasts.look(now + timedelta(seconds=9))
        later = forecasts.look(now + timedelta(seconds=10))

        assert again == replace(first, frozen_since=AT)
        assert later == forecast_queue(config, now + timedelta(seconds=10))
    assert later.pending == 502


def test_the_doctors_last_visit_is_remembered(
    database: peewee.Database, frozen: FrozenDateTimeFactory
) -> None:
    runs = [(DoctorFinding("clock", is_fine=True, text="it agrees"),), ()]
    ports = WebPorts(
        database=database, tell=list[object]().append, health=Health, run_checks=lambda: runs.pop(0)
    )
    doctor = DoctorRunner(ports)
    before = doctor.last

    doctor.run_checks()

    last = doctor.last
    assert before is None
    assert last is not None
    assert (last.at, last.left, len(last.findings)) == (AT, 0, 1)


def test_an_edited_text_is_measured_in_bytes_not_in_characters(
    browser_session: FlaskClient, backend: Backend
) -> None:
    an_item(a_reply(a_conversation()))

    def edits(text: str) -> TestResponse:
        return sends(browser_session, "/queue/1/edit", token_from="/queue/1/edit", text=text)

    answer = edits("\u00e9" * 501)
    assert answer.status_code == 422
    assert "text: must not be longer than 1000 bytes of UTF-8" in answer.text
    assert backend.commands == []
    assert edits("\u00e9" * 500).status_code == 303


@pytest.mark.parametrize("path", ["/health", "/accounts"])
def test_the_checks_are_a_link_away_with_an_account_connected(
    browser_session: FlaskClient, path: str
) -> None:
    an_account()

    assert 'href="/start">Run the checks' in browser_session.get(path).text


def test_a_reply_that_misses_its_window_has_no_time_at_which_it_goes(
    browser_session: FlaskClient,
) -> None:
    contact = a_contact(window_opened_at=AT)
    reply = a_reply(a_conversation(contact), author="operator")
    an_item(reply, scheduled_for=AT + timedelta(days=20))

    page = browser_session.get("/queue").text

    assert "1 will miss the reply window" in page
    assert "goes out at" not in page


def test_a_user_that_is_refused_stays_in_the_form(
    browser_session: FlaskClient, backend: Backend
) -> None:
    answer = sends(browser_session, "/users", name="ana", right="reads", password="1234567890")

    assert (answer.status_code, backend.commands) == (422, [])
    assert '<p class="problem" role="alert">password: ' in answer.text
    assert 'required value="ana"' in answer.text
    assert '<option value="reads" selected>' in answer.text
    assert "1234567890" not in answer.text


def test_a_refused_password_is_told_beside_its_user(
    browser_session: FlaskClient, backend: Backend
) -> None:
    Operator.create(name="ada", role="reads", password_hash="", created_at=AT)
    answer = sends(browser_session, "/users/1/password", password="1234567890")
    assert answer.status_code == 422
    assert answer.text.index('role="alert"') < answer.text.index("New password for ada")
    assert 'required value=""' in answer.text


def test_a_reply_that_is_gone_meanwhile_leaves_what_was_written(
    browser_session: FlaskClient, backend: Backend
) -> None:
    an_item(a_reply(a_conversation()), "sent")
    backend.answer = Conflict("the reply is no longer pending")
    answer = sends(browser_session, "/queue/1/edit", text="At ten.")
    assert answer.status_code == 409
    assert "the reply is no longer pending" in answer.text
    assert '<p class="item-text" dir="auto">At ten.</p>' in answer.text


def test_what_cannot_be_done_to_a_reply_is_told_above_the_queue(
    browser_session: FlaskClient, backend: Backend
) -> None:
    an_item(a_reply(a_conversation()), "sent")
    backend.answer = Conflict("the reply is no longer pending")
    answer = sends(browser_session, "/queue/1/cancel?status=sent")
    assert answer.status_code == 409
    assert '<p class="problem" role="alert">the reply is no longer pending</p>' in answer.text
    assert "<h1>Queue</h1>" in answer.text
