from datetime import timedelta
from urllib.parse import quote

from moca import clock
from moca.storage.privacy.journeys import condense_journeys
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.web.rows import a_conversation, a_question, an_answered_question


def test_what_people_write_is_never_taken_for_html(browser_session, database):
    a_question(a_conversation(), "<b>", text="<script>alert(1)</script>")
    index_all(Desk(database))

    for path in ("/", "/conversations/1", "/?q=alert", "/messages/%3Cb%3E"):
        page = browser_session.get(path).text.replace("<mark>", "").replace("</mark>", "")
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<b>" not in page


def test_a_journeys_page_tells_the_whole_story(browser_session):
    an_answered_question()

    page = browser_session.get("/messages/m1").text

    assert page.count('data-state="passed"') == 8
    assert "Instagram named it" in page
    assert 'href="/messages/r1"' in page
    assert 'href="/messages/m1"' in browser_session.get("/messages/r1").text


def test_the_page_of_an_old_message_says_that_only_its_main_steps_are_kept(browser_session):
    an_answered_question()
    note = "The routine steps of old messages are no longer kept."
    assert note not in browser_session.get("/messages/m1").text

    condense_journeys(clock.now() + timedelta(days=1), portion=200)

    page = browser_session.get("/messages/m1").text
    assert note in page
    assert page.count('data-state="passed"') == 8


def test_a_page_links_to_ids_with_slashes(browser_session):
    mid = "aWdf//1==/x:y"
    a_question(a_conversation(), mid)

    page = browser_session.get("/conversations/1").text
    assert f'href="/messages/{quote(mid, safe="/:=")}"' in page
    assert browser_session.get(f"/messages/{quote(mid)}").status_code == 200


def test_a_person_is_told_on_a_page_what_is_not_there(browser_session):
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    for path in ("/messages/m1", "/nothing"):
        answer = browser_session.get(path, headers=browser)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert browser_session.get("/nothing").mimetype == "application/problem+json"
