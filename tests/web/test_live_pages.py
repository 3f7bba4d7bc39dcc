"""Views that readers share, and what an act changes in them at once."""

import peewee
import pytest
from flask.testing import FlaskClient

from moca.storage.db.tables import Conversation
from moca.web.live_pages import POLLS
from tests.web.forms import sends
from tests.web.rows import a_conversation, a_question

HERE = "/conversations/1"
ASKS = {POLLS: "1", "If-None-Match": '"older"'}


def test_what_a_user_did_is_shown_by_the_next_refresh(browser_session: FlaskClient) -> None:
    conversation = a_conversation()
    a_question(conversation)

    shown = browser_session.get(HERE, headers=ASKS).text
    Conversation.update(status="closed").execute()
    shared = browser_session.get(HERE, headers=ASKS).text
    sent = sends(browser_session, f"{HERE}/close")
    refreshed = browser_session.get(HERE, headers=ASKS).text

    assert shared == shown
    assert sent.status_code == 303
    assert ("Reopen" in shown, "Reopen" in refreshed) == (False, True)


def test_what_a_program_does_leaves_the_shared_view_to_its_readers(
    browser_session: FlaskClient, client: FlaskClient
) -> None:
    a_question(a_conversation())

    shown = browser_session.get(HERE, headers=ASKS).text
    Conversation.update(status="closed").execute()
    sent = client.post(f"/api{HERE}/close")

    assert sent.status_code == 200
    assert browser_session.get(HERE, headers=ASKS).text == shown


def test_a_refresh_connects_to_the_database_once(
    browser_session: FlaskClient, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_question(a_conversation())
    connected = []

    def connect(reuse_if_open: bool = False) -> bool:
        connected.append(True)
        return peewee.Database.connect(database, reuse_if_open)

    monkeypatch.setattr(database, "connect", connect)
    database.close()

    assert browser_session.get(HERE, headers=ASKS).status_code == 200
    assert (connected, database.is_closed()) == ([True], True)
