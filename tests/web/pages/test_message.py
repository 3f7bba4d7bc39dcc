import json
from datetime import timedelta
from urllib.parse import quote

import peewee
import pytest
from flask.testing import FlaskClient

from moca import clock
from moca.storage.db.operator_tables import Note
from moca.storage.privacy.journeys import condense_journeys
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.web.rows import (
    AT,
    a_conversation,
    a_question,
    an_answered_question,
)


def test_what_people_write_is_never_taken_for_html(
    browser_session: FlaskClient, database: peewee.Database
) -> None:
    a_question(a_conversation(), "<b>", text="<script>alert(1)</script>")
    index_all(Desk(database))

    for path in ("/", "/conversations/1", "/?q=alert", "/messages/%3Cb%3E"):
        page = browser_session.get(path).text.replace("<mark>", "").replace("</mark>", "")
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<b>" not in page


def test_a_journeys_page_tells_the_whole_story(browser_session: FlaskClient) -> None:
    an_answered_question()

    page = browser_session.get("/messages/m1").text

    assert page.count('data-state="passed"') == 8
    assert "Instagram named it" in page
    assert 'href="/messages/r1"' in page
    assert 'href="/messages/m1"' in browser_session.get("/messages/r1").text


def test_the_page_of_an_old_message_says_that_only_its_main_steps_are_kept(
    browser_session: FlaskClient,
) -> None:
    an_answered_question()
    note = "The routine steps of old messages are no longer kept."
    assert note not in browser_session.get("/messages/m1").text

    condense_journeys(clock.now() + timedelta(days=1), portion=200)

    page = browser_session.get("/messages/m1").text
    assert note in page
    assert page.count('data-state="passed"') == 8


def test_a_page_links_to_ids_with_slashes(browser_session: FlaskClient) -> None:
    mid = "aWdf//1==/x:y"
    a_question(a_conversation(), mid)

    page = browser_session.get("/conversations/1").text
    assert f'href="/messages/{quote(mid, safe="/:=")}"' in page
    assert browser_session.get(f"/messages/{quote(mid)}").status_code == 200


def test_a_person_is_told_on_a_page_what_is_not_there(browser_session: FlaskClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    for path in ("/messages/m1", "/nothing"):
        answer = browser_session.get(path, headers=browser)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert browser_session.get("/nothing").mimetype == "application/problem+json"


META = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1&signature=a"


@pytest.mark.parametrize(
    ("media", "url", "shows"),
    [
        ("image", META, "<img"),
        ("video", META, "<video"),
        ("audio", META, "<audio"),
        ("share", META, "<a href"),
        ("image", "https://evil.example/a.png", "<a href"),
        ("image", "javascript:alert(1)", '<span class="muted">image</span>'),
    ],
)
def test_only_media_of_metas_hosts_are_shown_in_the_page(
    browser_session: FlaskClient, media: str, url: str, shows: str
) -> None:
    talk = a_conversation()
    content = json.dumps({"attachments": [{"type": media, "url": url}]})
    a_question(talk, text="", type=media, content=content)

    body = browser_session.get(f"/conversations/{talk.id}").text.split('class="link"')[1]

    assert shows in body.split("</p>")[0]
    assert ("src=" in body.split("</p>")[0]) == (shows in ("<img", "<video", "<audio"))


def test_addresses_in_messages_and_notes_are_links(browser_session: FlaskClient) -> None:
    talk = a_conversation()
    a_question(talk, text="See https://moca.example/a")
    Note.create(conversation=talk, author="ada", text="https://crm.example/7", created_at=AT)

    page = browser_session.get(f"/conversations/{talk.id}").text

    assert 'href="https://moca.example/a"' in page
    assert 'href="https://crm.example/7"' in page
