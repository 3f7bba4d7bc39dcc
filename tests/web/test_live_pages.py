"""Views that readers share, and what an act changes in them at once."""

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
