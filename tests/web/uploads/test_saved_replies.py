from flask.testing import FlaskClient

from moca.core.content.content import Content
from moca.storage.db.operator_tables import SavedReply
from moca.uploads.folder import UploadFolder
from tests.support.files import PDF, PNG, files_in
from tests.web.forms import sends
from tests.web.rows import a_conversation
from tests.web.uploads.test_composer import HERE, HTML, attaches, file, said


def a_saved_reply(browser: FlaskClient, content: bytes = PDF, name: str = "prices.pdf") -> None:
    fields = {"name": "Prices", "text": "Our prices:", "file": file(content, name)}
    assert sends(browser, "/saved-replies", fields, headers=HTML).status_code == 303


def test_choosing_a_saved_reply_attaches_its_file(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    a_conversation()
    a_saved_reply(browser_session)

    page = browser_session.get(HERE).text
    assert 'data-file="prices.pdf"' in page
    sends(browser_session, f"{HERE}/messages", headers=HTML, answer="1")

    assert said() == [Content(text="Our prices:"), "pdf"]
    assert len(files_in(uploads)) == 2


def test_the_file_of_a_saved_reply_goes_with_a_text_of_ones_own(
    browser_session: FlaskClient,
) -> None:
    a_conversation()
    a_saved_reply(browser_session)

    sends(browser_session, f"{HERE}/messages", headers=HTML, text="Anna, see:", file_of="1")
    sends(browser_session, f"{HERE}/messages", headers=HTML, file_of="1")

    assert said() == [Content(text="Anna, see:"), "pdf", "pdf"]


def test_a_file_of_ones_own_goes_instead_of_that_of_the_saved_reply(
    browser_session: FlaskClient,
) -> None:
    a_conversation()
    a_saved_reply(browser_session)

    attaches(browser_session, answer="1")

    assert said() == [Content(text="Our prices:"), "png"]


def test_the_page_of_saved_replies_shows_replaces_and_removes_a_file(
    browser_session: FlaskClient,
) -> None:
    a_saved_reply(browser_session, PNG, "menu.png")
    assert '<img class="photo" src="/saved-replies/1/file" alt="menu.png"' in (
        browser_session.get("/saved-replies").text
    )

    same = {"name": "Prices", "text": "Our prices:"}
    sends(browser_session, "/saved-replies/1", same, headers=HTML, file=file(PDF, "menu.pdf"))
    answer = browser_session.get("/saved-replies/1/file", buffered=True)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"] == "attachment; filename=menu.pdf"

    sends(browser_session, "/saved-replies/1", same, headers=HTML)
    assert browser_session.get("/saved-replies/1/file", buffered=True).status_code == 200

    sends(browser_session, "/saved-replies/1", same, headers=HTML, remove_file="1")
    assert browser_session.get("/saved-replies/1/file", buffered=True).status_code == 404


def test_a_refused_file_keeps_what_was_written_of_a_saved_reply(
    browser_session: FlaskClient, uploads: UploadFolder
) -> None:
    fields = {"name": "Prices", "text": "Our prices:", "file": file(b"MZ", "virus.png")}
    answer = sends(browser_session, "/saved-replies", fields, headers=HTML)

    assert answer.status_code == 422
    assert ">Our prices:</textarea>" in answer.text
    assert (SavedReply.select().count(), files_in(uploads)) == (0, set())
