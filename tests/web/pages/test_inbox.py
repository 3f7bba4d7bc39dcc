from datetime import timedelta

import pytest

from moca.core.types import ConversationStatus
from moca.storage.db.tables import Contact
from moca.storage.queries import inbox as reading
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, a_reply, after

POLL = {"X-Moca-Live": "1"}


def talks(page):
    """The conversations that a page lists, by their links."""
    return [int(part.split('"', 1)[0]) for part in page.split('href="/conversations/')[1:]]


def a_talk(name, seconds=0, **columns):
    contact = a_contact(psid=f"psid of {name}", name=name)
    told = {"last_activity_at": after(seconds), "last_user_message_at": after(seconds)}
    return a_conversation(contact, **told | columns)


def test_the_inbox_lists_the_latest_activity_first_with_what_was_said_last(browser_session):
    ada, ben = a_talk("Ada", 10), a_talk("Ben", 20)
    a_question(ada, "m1", text="When are you open?")
    a_reply(ada, text="At nine.", status="failed")
    a_question(ben, "m2", text="Is the green one left?")

    page = browser_session.get("/").text

    assert talks(page) == [ben.id, ada.id]
    assert "At nine." in page
    assert "Bot:" in page
    assert 'data-state="failed"' in page
    assert "When are you open?" not in page


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        ("bot", ["open", "ran out"]),
        ("waiting", ["human", "human for now"]),
        ("paused", ["paused"]),
        ("closed", ["closed"]),
        ("standby", []),
    ],
)
def test_the_inbox_lists_by_who_may_answer_now(browser_session, state, listed):
    rows = {
        "open": ("open", None),
        "human": ("human", None),
        "human for now": ("human", AT + timedelta(hours=1)),
        "ran out": ("human", AT),
        "paused": ("paused", AT + timedelta(hours=1)),
        "closed": ("closed", None),
    }
    made = {
        name: a_talk(name, status=status, held_until=until).id
        for name, (status, until) in rows.items()
    }

    page = browser_session.get(f"/?state={state}").text

    assert sorted(talks(page)) == sorted(made[name] for name in listed)
    assert '<span class="count">2</span>' in page


def test_the_inbox_lists_one_account_and_what_nobody_looked_at(browser_session):
    mine = a_talk("Ada")
    other = a_conversation(
        Contact.create(account_id="2", psid="9", name="Ben", created_at=AT, last_seen_at=AT),
        last_user_message_at=after(5),
        read_at=after(6),
    )

    assert talks(browser_session.get(f"/?account={ACCOUNT}").text) == [mine.id]
    assert talks(browser_session.get("/?account=2").text) == [other.id]
    assert talks(browser_session.get("/?unread=1").text) == [mine.id]
    assert browser_session.get("/?state=nonsense").status_code == 404


def test_the_inbox_goes_on_page_by_page_without_gaps(browser_session, monkeypatch):
    monkeypatch.setattr("moca.web.pages.inbox._SHOWN", 2)
    ids = [a_talk(f"contact {number}", number // 2).id for number in range(5)]

    seen, path = [], "/"
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


def test_a_search_finds_people_and_what_was_said(browser_session):
    ada, ben = a_talk("Ada Byron"), a_talk("Ben")
    a_question(ben, "m1", text="Do you know ADA's shop? 100% sure")
    a_question(ada, "m2", text="hello")

    page = browser_session.get("/?q=ada").text
    people, messages = page.split('<h2 id="messages">')

    assert talks(people) == [ada.id]
    assert "Do you know ADA" in messages
    assert talks(browser_session.get("/?q=psid of Be").text.split("<h2")[1]) == [ben.id]
    assert "100% sure" in browser_session.get("/?q=0%25").text
    assert "100% sure" not in browser_session.get("/?q=a%25b").text
    assert browser_session.get(f"/?q={'x' * 201}").status_code == 422


def test_a_search_looks_at_a_bounded_stretch_and_goes_on(browser_session, monkeypatch):
    monkeypatch.setattr("moca.storage.queries.search.LOOKED_AT", 2)
    ada = a_talk("Ada")
    for number in range(5):
        a_question(ada, f"m{number}", text="needle" if number == 0 else "hay")

    first = browser_session.get("/?q=needle").text
    assert "No message among those searched" in first
    second = browser_session.get("/?q=needle&before=4").text
    assert "No older message" in second
    third = browser_session.get("/?q=needle&before=2").text
    assert "#m1" in third
    assert "Search older messages" not in third


def test_who_looks_again_is_told_304_until_something_changes(browser_session, frozen):
    ada = a_talk("Ada")
    first = browser_session.get("/", headers=POLL)
    seen = {**POLL, "If-None-Match": first.headers["ETag"]}

    assert first.text.startswith('<div id="live"')
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


def test_every_state_has_a_name_in_the_inbox():
    from moca.web.pages.inbox import STATES

    assert set(STATES.values()) == {None, *ConversationStatus}
