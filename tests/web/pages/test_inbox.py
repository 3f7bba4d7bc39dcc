import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.storage.db.tables import Contact, Conversation
from moca.storage.queries import inbox as reading
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, a_reply, after

POLL = {"X-Moca-Live": "1"}


def talks(page: str) -> list[int]:
    """Return the conversations that a page lists, by their links."""
    return [int(each) for each in re.findall(r'href="/conversations/(\d+)', page)]


def a_talk(name: str, seconds: float = 0, **columns: datetime | str | None) -> Conversation:
    contact = a_contact(psid=f"psid of {name}", name=name)
    told = {"last_activity_at": after(seconds), "last_user_message_at": after(seconds)}
    return a_conversation(contact, **told | columns)


def test_a_row_shows_the_contacts_words_and_who_wrote_last(browser_session: FlaskClient) -> None:
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


def test_a_row_shows_the_picture_over_the_initials(browser_session: FlaskClient) -> None:
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
def test_the_inbox_lists_by_whose_turn_it_is(
    browser_session: FlaskClient, address: str, listed: list[str]
) -> None:
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


def test_what_needs_a_reply_says_why_for_how_long_and_until_when(
    browser_session: FlaskClient,
) -> None:
    ada = a_talk("Ada", needs_reply_since=AT - timedelta(minutes=7))
    a_question(
        ada, text="Hello?", outcome="suppressed", because="outside hours", reason="outside_hours"
    )

    page = browser_session.get("/?list=needs_reply").text

    assert "outside hours" in page
    assert ">7 min</time>" in page
    assert "24 h left" in page


def test_the_inbox_lists_one_account_and_what_nobody_looked_at(
    browser_session: FlaskClient,
) -> None:
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


def test_the_inbox_goes_on_page_by_page_without_gaps(
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_list_shows_as_many_rows_as_were_scrolled_to_within_bounds(
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    monkeypatch.setattr("moca.web.pages.inbox.MAX_ROWS", 4)
    ids = [a_talk(f"contact {number}", number).id for number in range(6)][::-1]

    asked = ("", "?rows=3", "?rows=99", "?rows=1", "?rows=x")
    shown = [talks(browser_session.get(f"/{each}", headers=POLL).text) for each in asked]
    assert shown == [ids[:2], ids[:3], ids[:4], ids[:2], ids[:2]]


def test_a_conversation_chosen_from_a_later_page_shows_that_page(
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    ids = [a_talk(f"contact {number}", number).id for number in range(5)][::-1]
    first = browser_session.get("/").text
    (cursor,) = re.findall(r'href="/\?list=all_open&amp;cursor=([0-9-]+)"', first)

    page = browser_session.get(f"/conversations/{ids[2]}?list_cursor={cursor}").text

    assert f'href="/conversations/{ids[3]}?list_cursor={cursor}"' in page
    assert f'id="conversation-{ids[0]}"' not in page
    assert f'id="list" data-live="/?cursor={cursor}"' in page


def test_who_looks_again_is_told_304_until_something_changes(
    browser_session: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
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


def test_what_many_look_at_is_looked_after_every_two_seconds(
    browser_session: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    ada = a_talk("Ada")
    first = browser_session.get("/", headers=POLL)
    a_question(ada, "m1", text="Anybody there?")

    frozen.tick(1)
    assert "Anybody there?" not in browser_session.get("/", headers=POLL).text
    frozen.tick(1)
    assert "Anybody there?" in browser_session.get("/", headers=POLL).text
    assert first.status_code == 200
