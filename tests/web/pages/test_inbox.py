import re
from datetime import timedelta

import pytest

from moca.core.messages.housekeeping import IndexWords
from moca.storage.db.tables import Contact
from moca.storage.queries import inbox as reading
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, a_reply, after

POLL = {"X-Moca-Live": "1"}


def talks(page):
    """Return the conversations that a page lists, by their links."""
    return [int(each) for each in re.findall(r'href="/conversations/(\d+)', page)]


def a_talk(name, seconds=0, **columns):
    contact = a_contact(psid=f"psid of {name}", name=name)
    told = {"last_activity_at": after(seconds), "last_user_message_at": after(seconds)}
    return a_conversation(contact, **told | columns)


def test_a_row_shows_the_contacts_words_and_who_wrote_last(browser_session):
    ada, ben = a_talk("Ada", 10), a_talk("Ben", 20)
    a_question(ada, "m1", text="When are you open?")
    a_reply(ada, text="At nine.", status="failed")
    a_question(ben, "m2", text="Is the green one left?")

    page = browser_session.get("/").text

    assert talks(page) == [ben.id, ada.id]
    assert "When are you open?" in page
    assert "At nine." not in page
    assert page.count("The bot wrote last") == 1
    assert 'data-state="failed"' in page


def test_a_row_shows_the_picture_over_the_initials(browser_session):
    picture = "https://scontent.cdninstagram.com/ada.jpg?a=1"
    for psid, name, url in (("1", "Ada Byron", picture), ("2", "Ben", "https://evil.example/b")):
        a_conversation(a_contact(psid, name=name, picture_url=url))

    page = browser_session.get("/").text

    shown = re.findall('<span class="avatar" aria-hidden="true">(.*?)</span>', page)
    image = f'<img src="{picture}" alt="" loading="lazy" referrerpolicy="no-referrer">'
    assert sorted(shown) == [f"AB{image}", "B"]


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("?list=needs_reply", ["failed", "handed over"]),
        ("?list=waiting_for_contact", ["human", "paused"]),
        ("?list=with_bot", ["open", "ran out"]),
        ("?list=unread", ["failed", "handed over", "human", "open", "paused", "ran out"]),
        ("?list=closed", ["closed"]),
        ("?list=all_open", ["failed", "handed over", "human", "open", "paused", "ran out"]),
        ("?state=all", ["failed", "handed over", "human", "open", "paused", "ran out"]),
        ("?state=bot", ["open", "ran out"]),
        ("?state=waiting", ["failed", "handed over"]),
        ("?state=paused", ["human", "paused"]),
        ("?state=standby", ["human", "paused"]),
        ("?state=closed", ["closed"]),
        ("?unread=1", ["failed", "handed over", "human", "open", "paused", "ran out"]),
    ],
)
def test_the_inbox_lists_by_whose_turn_it_is(browser_session, address, listed):
    rows = {
        "open": ("open", None, None),
        "failed": ("open", None, AT),
        "handed over": ("human", AT + timedelta(hours=1), after(5)),
        "human": ("human", None, None),
        "ran out": ("human", AT, None),
        "paused": ("paused", AT + timedelta(hours=1), None),
        "closed": ("closed", None, None),
    }
    made = {
        name: a_talk(
            name,
            status=status,
            held_until=until,
            needs_reply_since=since,
            read_at=after(9) if status == "closed" else None,
        ).id
        for name, (status, until, since) in rows.items()
    }

    page = browser_session.get(f"/{address}").text

    assert sorted(talks(page)) == sorted(made[name] for name in listed)
    assert 'Needs reply <span class="count">2</span>' in page


def test_what_needs_a_reply_says_why_for_how_long_and_until_when(browser_session):
    ada = a_talk("Ada", needs_reply_since=AT - timedelta(minutes=7))
    a_question(
        ada, text="Hello?", outcome="suppressed", because="outside hours", reason="outside_hours"
    )

    page = browser_session.get("/?list=needs_reply").text

    assert "outside hours" in page
    assert ">7 min</time>" in page
    assert "24 h left" in page


def test_the_inbox_lists_one_account_and_what_nobody_looked_at(browser_session):
    mine = a_talk("Ada")
    other = a_conversation(
        Contact.create(account_id="2", psid="9", name="Ben", created_at=AT, last_seen_at=AT),
        last_user_message_at=after(5),
        read_at=after(6),
    )

    assert talks(browser_session.get(f"/?account={ACCOUNT}").text) == [mine.id]
    assert talks(browser_session.get("/?account=2").text) == [other.id]
    assert talks(browser_session.get("/?list=unread").text) == [mine.id]
    assert browser_session.get("/?list=nonsense").status_code == 404
    assert browser_session.get("/?state=nonsense").status_code == 404


def test_the_inbox_goes_on_page_by_page_without_gaps(browser_session, monkeypatch):
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    ids = [a_talk(f"contact {number}", number // 2).id for number in range(5)]

    seen: list[int] = []
    path: str | None = "/"
    while path:
        page = browser_session.get(path).text
        seen += talks(page)
        more = page.split('class="button button-plain" href="')[1:]
        path = more[0].split('"')[0].replace("&amp;", "&") if more else None

    assert seen == ids[::-1]


def test_a_page_that_finds_too_little_in_its_stretch_goes_on_with_the_next(
    browser_session, monkeypatch
):
    monkeypatch.setattr(reading, "LOOKED_AT", 2)
    wanted = a_talk("Ada", 0)
    Contact.update(account_id="2").where(Contact.name == "Ada").execute()
    for number in range(1, 4):
        a_talk(f"contact {number}", number)

    first = browser_session.get("/?account=2").text
    assert talks(first) == []
    assert "Older conversations" in first
    second = first.split('class="button button-plain" href="')[1].split('"')[0]
    assert talks(browser_session.get(second.replace("&amp;", "&")).text) == [wanted.id]


def test_a_list_shows_as_many_rows_as_were_scrolled_to_within_bounds(browser_session, monkeypatch):
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    monkeypatch.setattr("moca.web.pages.inbox.MAX_ROWS", 4)
    ids = [a_talk(f"contact {number}", number).id for number in range(6)][::-1]

    asked = ("", "?rows=3", "?rows=99", "?rows=1", "?rows=x")
    shown = [talks(browser_session.get(f"/{each}", headers=POLL).text) for each in asked]
    assert shown == [ids[:2], ids[:3], ids[:4], ids[:2], ids[:2]]


def test_a_conversation_chosen_from_a_later_page_shows_that_page(browser_session, monkeypatch):
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    ids = [a_talk(f"contact {number}", number).id for number in range(5)][::-1]
    first = browser_session.get("/").text
    (cursor,) = re.findall(r'href="/\?list=all_open&amp;cursor=([0-9-]+)"', first)

    page = browser_session.get(f"/conversations/{ids[2]}?list_cursor={cursor}").text

    assert f'href="/conversations/{ids[3]}?list_cursor={cursor}"' in page
    assert f'id="conversation-{ids[0]}"' not in page
    assert f'id="list" data-live="/?cursor={cursor}"' in page


def test_a_search_finds_people_and_what_was_said(browser_session, database):
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


def test_a_search_goes_on_page_by_page(browser_session, database, monkeypatch):
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


def test_a_search_is_narrowed_by_operators(browser_session, database):
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


def test_days_of_a_search_are_those_of_the_browsers_zone(browser_session, database):
    a_question(a_talk("Ada"), "m1", text="order", created_at=AT)
    index_all(Desk(database))
    search = f"/?q=order+before:{AT:%Y-%m-%d}"

    assert "#m1" not in browser_session.get(search).text
    ahead = browser_session.get(f"{search}&zone=Etc/GMT%2B12").text
    behind = browser_session.get(f"/?q=order+after:{AT:%Y-%m-%d}&zone=Etc/GMT%2B12").text
    assert ["#m1" in ahead, "#m1" in behind] == [AT.hour < 12, AT.hour >= 12]


def test_a_search_says_how_much_it_can_find_so_far(browser_session, database):
    ada = a_talk("Ada")
    for number in range(12):
        a_question(ada, f"m{number}", text="needle")
    desk = Desk(database)
    desk.do(IndexWords(1), IndexWords(1))

    assert "33% of the messages can be found so far" in browser_session.get("/?q=needle").text
    index_all(desk)
    assert "can be found so far" not in browser_session.get("/?q=needle").text


def test_who_looks_again_is_told_304_until_something_changes(browser_session, frozen):
    ada = a_talk("Ada")
    first = browser_session.get("/", headers=POLL)
    seen = {**POLL, "If-None-Match": first.headers["ETag"]}

    assert first.text.startswith('<div id="list"')
    assert browser_session.get("/", headers=seen).status_code == 304

    frozen.tick(2)
    a_question(ada, "m1", text="Anybody there?")
    changed = browser_session.get("/", headers=seen)

    assert changed.status_code == 200
    assert "Anybody there?" in changed.text
    assert "<html" not in changed.text


def test_what_many_look_at_is_looked_after_once_a_second(browser_session, frozen):
    ada = a_talk("Ada")
    first = browser_session.get("/", headers=POLL)
    a_question(ada, "m1", text="Anybody there?")

    assert "Anybody there?" not in browser_session.get("/", headers=POLL).text
    frozen.tick(1)
    assert "Anybody there?" in browser_session.get("/", headers=POLL).text
    assert first.status_code == 200
