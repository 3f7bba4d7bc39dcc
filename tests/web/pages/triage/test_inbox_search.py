import peewee
import pytest
from flask.testing import FlaskClient

from moca.core.messages.housekeeping import IndexWords
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.web.pages.test_inbox import a_talk, talks
from tests.web.rows import AT, a_question


def test_a_search_finds_people_and_what_was_said(
    browser_session: FlaskClient, database: peewee.Database
) -> None:
    ada, ben = a_talk("Ada"), a_talk("Ben")
    a_question(ben, "m1", text="Do you know ADÁ's shop? <b>100% sure")
    a_question(ada, "m2", text="hello")
    index_all(Desk(database))

    page = browser_session.get("/?q=ada").text
    people, messages = page.split('<h2 id="messages">')

    assert talks(people) == [ada.id]
    assert "Do you know <mark>ADÁ</mark>&#39;s shop? &lt;b&gt;100% sure" in messages
    assert f'href="/conversations/{ben.id}?at=1&amp;q=ada#m1"' in messages
    assert talks(browser_session.get("/?q=psid of Be").text.split("<h2")[1]) == [ben.id]
    assert "hello" not in browser_session.get("/?q=ada+hell").text
    assert browser_session.get(f"/?q={'x' * 201}").status_code == 422


def test_a_search_goes_on_page_by_page(
    browser_session: FlaskClient, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    ada = a_talk("Ada")
    for number in range(3):
        a_question(ada, f"m{number}", text="needle")
    index_all(Desk(database))

    first = browser_session.get("/?q=needle").text
    assert ["#m3" in first, "#m2" in first, "#m1" in first] == [True, True, False]
    assert 'href="/?q=needle&amp;before=2"' in first
    second = browser_session.get("/?q=needle&before=2").text
    assert "#m1" in second
    assert "Search older messages" not in second
    assert "No older messages match" in browser_session.get("/?q=needle&before=1").text


def test_a_search_is_narrowed_by_operators(
    browser_session: FlaskClient, database: peewee.Database
) -> None:
    ada, ben = a_talk("Ada", status="closed"), a_talk("Ben")
    a_question(ada, "m1", text="order one")
    a_question(ben, "m2", text="order two")
    index_all(Desk(database))

    page = browser_session.get("/?q=order+from:ada").text
    assert "<mark>order</mark> one" in page
    assert "two" not in page
    assert f'href="/conversations/{ada.id}?at=1&amp;q=order#m1"' in page
    assert talks(browser_session.get("/?q=is:closed").text) == [ada.id]
    assert "No conversations match" in browser_session.get("/?q=is:snoozed").text
    wrong = browser_session.get("/?q=order+is:lost")
    assert wrong.status_code == 200
    assert 'role="alert">is:lost is not known. Known are open, closed,' in wrong.text
    assert browser_session.get("/?q=after:2026-01-01&zone=Nowhere").status_code == 422


def test_days_of_a_search_are_those_of_the_browsers_zone(
    browser_session: FlaskClient, database: peewee.Database
) -> None:
    a_question(a_talk("Ada"), "m1", text="order", created_at=AT)
    index_all(Desk(database))
    search = f"/?q=order+before:{AT:%Y-%m-%d}"

    assert "#m1" not in browser_session.get(search).text
    ahead = browser_session.get(f"{search}&zone=Etc/GMT%2B12").text
    behind = browser_session.get(f"/?q=order+after:{AT:%Y-%m-%d}&zone=Etc/GMT%2B12").text
    assert ["#m1" in ahead, "#m1" in behind] == [AT.hour < 12, AT.hour >= 12]


def test_a_search_says_how_much_it_can_find_so_far(
    browser_session: FlaskClient, database: peewee.Database
) -> None:
    ada = a_talk("Ada")
    for number in range(12):
        a_question(ada, f"m{number}", text="needle")
    desk = Desk(database)
    desk.do(IndexWords(1), IndexWords(1))

    assert "33% of the messages can be found so far" in browser_session.get("/?q=needle").text
    index_all(desk)
    assert "can be found so far" not in browser_session.get("/?q=needle").text
