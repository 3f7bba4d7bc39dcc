from flask.testing import FlaskClient

from moca.core.messages.command import Done
from moca.core.messages.operator_actions import EraseContact
from moca.core.types import ContactKey
from moca.storage.db.privacy_tables import DeletionRequest
from moca.storage.db.tables import Conversation
from tests.support.values import of_kind, present
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, after

ERASE = f"/contacts/{ACCOUNT}/700/erase"
PICTURE = "https://scontent.cdninstagram.com/ada.jpg?a=1&b=2"


def pane(client: FlaskClient, conversation: Conversation) -> str:
    page = client.get(f"/conversations/{conversation.id}").text
    return page.split('aria-label="Contact"')[1]


def test_the_pane_tells_who_the_contact_is(browser_session: FlaskClient) -> None:
    ada = a_contact(
        name="Ada Byron",
        username="ada.b",
        picture_url=PICTURE,
        follower_count=12_345,
        follows_account=True,
        opted_out_at=AT,
        message_count=7,
    )
    earlier = a_conversation(ada, status="closed")
    current = a_conversation(ada, last_activity_at=after(60))
    a_question(current)

    page = pane(browser_session, current)

    assert 'href="https://www.instagram.com/ada.b/"' in page
    assert f'src="{PICTURE.replace("&", "&amp;")}"' in page
    assert "AB" in page
    assert "<dd>12,345</dd>" in page
    assert "<dd>7</dd>" in page
    assert "Opted out" in page
    assert f'href="/conversations/{earlier.id}"' in page
    assert f'href="/conversations/{current.id}"' not in page.split("Notes")[0]


def test_what_instagram_does_not_tell_is_left_out(browser_session: FlaskClient) -> None:
    page = pane(browser_session, a_conversation(a_contact(picture_url="https://evil.example/a")))

    assert "Followers" not in page
    assert "Follows you" not in page
    assert "<img" not in page


def test_erasing_asks_first_and_says_what_goes(
    browser_session: FlaskClient, backend: Backend
) -> None:
    contact = a_contact(message_count=1_200)
    assert ERASE in pane(browser_session, a_conversation(contact))
    asked = browser_session.get(ERASE).text
    assert "1,200 messages" in asked
    assert backend.commands == []

    def erased(command: EraseContact) -> Done:
        DeletionRequest.create(code=present(command.request).code, requested_at=AT, completed_at=AT)
        return Done()

    backend.answer = erased
    answer = sends(browser_session, ERASE, token_from=ERASE)

    assert backend.commands == [EraseContact(ContactKey(ACCOUNT, "700"), AT)]
    assert "Contact erased" in answer.text


def test_an_erasure_that_goes_on_links_to_its_progress(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_contact()

    def begun(command: EraseContact) -> Done:
        DeletionRequest.create(code=present(command.request).code, requested_at=AT)
        return Done()

    backend.answer = begun
    page = sends(browser_session, ERASE, token_from=ERASE).text

    request = present(of_kind(backend.commands[0], EraseContact).request)
    assert f"/instagram/data-deletion/{request.code}" in page


def test_a_contact_that_is_gone_is_not_found(browser_session: FlaskClient) -> None:
    assert browser_session.get(ERASE).status_code == 404
