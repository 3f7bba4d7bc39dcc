"""The pages about Moca itself: who may do what on them, and what they refuse."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.accounts import SealedToken
from moca.core.messages.accounts import ChangeAccount, RemoveAccount
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
from moca.web.config import Finding, Health, Ports
from moca.web.pages.setup import Practice
from moca.web.presenters.queue_forecast import Lookout, outlook
from tests.web.forms import sends
from tests.web.rows import AT, a_conversation, a_reply, an_item

OURS = "17841400000000007"


def an_account():
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
def reader(app):
    """A browser of somebody who may only read."""
    ada = Operator.create(name="ada", right="reads", password_hash="", created_at=AT)
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
def test_a_button_of_the_queue_hands_its_command_over(browser_session, house, path, command):
    an_item(a_reply(a_conversation()))

    answer = sends(browser_session, path, seal_from="/queue")

    assert (answer.status_code, answer.location) == (303, "/queue")
    assert house.told == [command]


def test_an_edited_text_is_handed_over(browser_session, house):
    an_item(a_reply(a_conversation()))

    answer = sends(browser_session, "/queue/1/edit", seal_from="/queue/1/edit", text="At ten.")

    assert (answer.status_code, house.told) == (303, [EditReply(1, "At ten.", AT)])


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
def test_what_is_not_there_is_told(browser_session, path, status):
    assert browser_session.get(path).status_code == status


def test_whoever_only_reads_sees_the_queue_and_changes_nothing(reader, house):
    an_item(a_reply(a_conversation()))

    page = reader.get("/queue").text

    assert "At nine." in page
    assert "Freeze everything" not in page
    assert "Cancel" not in page
    assert reader.post("/queue/freeze", data={}).status_code == 403
    assert house.told == []


@pytest.mark.parametrize("path", ["/settings"])
def test_the_settings_are_for_administrators(reader, path):
    assert reader.get(path).status_code == 403


def test_no_form_is_taken_without_its_seal(browser_session, house):
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert browser_session.post("/queue/freeze", headers=headers).status_code == 403
    assert house.told == []


def test_a_frozen_queue_is_told_on_every_page_and_to_nobody_else(browser_session, stranger):
    Freeze.create(name="queue", since_at=AT)
    for path in ("/", "/queue", "/health", "/accounts", "/settings", "/start"):
        assert "Frozen by the operator" in browser_session.get(path).text, path
    assert "Frozen" not in stranger.get("/queue").text


def test_a_pasted_token_is_sealed_and_handed_over(browser_session, house):
    an_account()

    sends(browser_session, f"/accounts/{OURS}/token", seal_from="/accounts", token="the-new-one")

    ends_at = AT + timedelta(days=60)
    sealed = SealedToken("sealed:the-new-one", AT, ends_at)
    assert house.told == [ChangeAccount(OURS, AT, token=sealed)]


@pytest.mark.parametrize("token", ["", "two words", "tökén", "x" * 4097])
def test_what_is_no_token_is_refused(browser_session, house, token):
    an_account()
    path = f"/accounts/{OURS}/token"
    assert sends(browser_session, path, seal_from="/accounts", token=token).status_code == 422
    assert house.told == []


def test_an_account_is_removed_after_a_question(browser_session, house, meta):
    an_account()
    path = f"/accounts/{OURS}/remove"
    assert "its token is forgotten" in browser_session.get(path).text
    assert meta.unsubscribed == []
    sends(browser_session, path, seal_from=path)
    assert house.told == [RemoveAccount(OURS, AT)]
    assert meta.unsubscribed == [OURS]


def test_that_webhooks_could_not_be_ended_is_shown_and_the_account_is_removed(
    browser_session, house, meta
):
    an_account()
    meta.because = "Graph 190: the token is dead"
    path = f"/accounts/{OURS}/remove"
    answer = sends(browser_session, path, seal_from=path)
    assert answer.status_code == 200
    assert meta.because in answer.text
    assert house.told == [RemoveAccount(OURS, AT)]


def test_a_long_queue_is_not_forecast_anew_at_every_look(database, config):
    talk = a_conversation()
    for _ in range(501):
        an_item(a_reply(talk))
    lookout, now = Lookout(config), AT
    with database.connection_context():
        first = lookout.look(now)
        an_item(a_reply(talk))
        Freeze.create(name="queue", since_at=AT)
        again = lookout.look(now + timedelta(seconds=9))
        later = lookout.look(now + timedelta(seconds=10))

        assert again == replace(first, frozen_since=AT)
        assert later == outlook(config, now + timedelta(seconds=10))
    assert later.pending == 502


def test_the_doctors_last_visit_is_remembered(database, frozen):
    visits = [(Finding("clock", is_fine=True, told="it agrees"),), ()]
    ports = Ports(database=database, tell=[].append, health=Health, examine=lambda: visits.pop(0))
    practice = Practice(ports)
    assert practice.last is None

    practice.examine()

    assert (practice.last.at, practice.last.left, len(practice.last.findings)) == (AT, 0, 1)
