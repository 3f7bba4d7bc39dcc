import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.core.messages.operators import MarkRead
from moca.storage.db.tables import Event, Message
from tests.web.conftest import Backend
from tests.web.rows import ACCOUNT, AT, a_contact, a_conversation, a_question, a_reply, after

HERE = "/conversations/1"
POLL = {"X-Moca-Live": "1"}


def bubble(page: str, message: Message) -> str:
    """Return the part of a page that shows a message."""
    return page.split(f'id="m{message.id}"')[1].split("</li>", maxsplit=1)[0]


def test_a_conversation_shows_both_sides_and_who_wrote(browser_session: FlaskClient) -> None:
    talk = a_conversation()
    question = a_question(talk)
    ours = {
        author: a_reply(talk, status="sent", author=author, mid=f"r-{author}")
        for author in ("bot", "operator", "human")
    }

    page = browser_session.get(HERE).text

    assert page.split(f'id="m{question.id}"')[1].startswith(' data-side="theirs"')
    assert [bubble(page, each).count("At nine.") for each in ours.values()] == [1, 1, 1]
    assert "Instagram app" in bubble(page, ours["human"])
    assert 'data-author="operator"' in page
    assert f'href="/messages/{question.mid}"' in bubble(page, question)


def test_the_list_stands_beside_the_thread_and_is_refreshed_by_itself(
    browser_session: FlaskClient,
) -> None:
    ada = a_conversation(a_contact(psid="1", name="Ada"))
    ben = a_conversation(a_contact(psid="2", name="Ben"), status="closed")

    page = browser_session.get(f"{HERE}?list=closed").text
    thread = browser_session.get(HERE, headers=POLL).text
    rows = browser_session.get("/?list=closed", headers=POLL).text

    row = f'href="/conversations/{ben.id}?list=closed" id="conversation-{ben.id}"'
    assert (row in page, row in thread, row in rows) == (True, False, True)
    assert 'id="list" data-live="/?list=closed"' in page
    assert f'id="live" data-live="/conversations/{ada.id}"' in page
    assert f'id="conversation-{ada.id}"' in browser_session.get(HERE).text


def test_a_search_hit_is_still_shown_after_a_refresh(browser_session: FlaskClient) -> None:
    a_question(a_conversation())

    page = browser_session.get(f"{HERE}?at=1&q=open").text

    assert f'id="live" data-live="{HERE}?at=1&amp;q=open"' in page


@pytest.mark.parametrize(
    ("columns", "content", "shown"),
    [
        (
            {"type": "image", "text": ""},
            {"attachments": [{"type": "image", "url": "https://cdn.example/a.jpg"}]},
            '<a href="https://cdn.example/a.jpg" rel="noreferrer noopener" target="_blank">image',
        ),
        (
            {"type": "share", "text": ""},
            {"attachments": [{"type": "ig_reel", "title": "A reel"}]},
            '<span class="muted">A reel</span>',
        ),
        (
            {"type": "image", "text": ""},
            {"attachments": [{"type": "image", "url": "javascript:alert(1)"}]},
            '<span class="muted">image</span>',
        ),
        ({"type": "story_reply"}, {"story": {"url": "https://x.example/s"}}, "Reply to your story"),
        ({}, {"reply_to_mid": "m0"}, "Reply to an earlier message"),
        ({"kind": "comment"}, {"media_id": "1"}, "Comment on a post"),
        ({"kind": "postback"}, {"payload": "P"}, "Tapped a button"),
        ({"type": "quick_reply"}, {"payload": "P"}, "Tapped a quick reply"),
        ({}, {"referral": {"source": "ADS", "ad_title": "Summer"}}, "Came from: Summer"),
        ({"type": "unsupported", "text": ""}, None, "(unsupported)"),
        ({"text": "", "deleted_at": AT}, None, "Message unsent"),
    ],
)
def test_every_kind_of_message_is_shown_as_what_it_is(
    browser_session: FlaskClient,
    columns: dict[str, Any],
    content: dict[str, Any] | None,
    shown: str,
) -> None:
    written = None if content is None else json.dumps(content)
    question = a_question(a_conversation(), content=written, **columns)

    assert shown in bubble(browser_session.get(HERE).text, question)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"quick_replies": [{"title": "Yes", "payload": "Y"}]}, "<span>Yes</span>"),
        ({"buttons": [{"title": "Shop", "url": "https://x.example"}]}, "<span>Shop</span>"),
        ({"media": {"type": "video", "url": "https://x.example/v"}}, ">video</a>"),
        ({"is_heart": True}, "Heart"),
        ({"cards": [{"title": "Shirt", "subtitle": "blue"}]}, "Card: Shirt"),
        ({"reply_to_mid": "m1"}, "Reply to an earlier message"),
    ],
)
def test_every_kind_of_reply_is_shown_as_what_it_is(
    browser_session: FlaskClient, content: dict[str, Any], shown: str
) -> None:
    reply = a_reply(a_conversation(), content=json.dumps(content))

    assert shown in bubble(browser_session.get(HERE).text, reply)


def happens(mid: str, kind: str, **detail: str) -> None:
    Event.create(
        kind=kind,
        account_id=ACCOUNT,
        mid=mid,
        key=f"{kind}{detail}",
        at=AT,
        detail=json.dumps(detail),
    )


def test_signs_and_edits_stand_at_their_message(browser_session: FlaskClient) -> None:
    question = a_question(a_conversation())
    happens("m1", "reaction", action="react", emoji="\u2764")
    happens("m1", "edit", num_edit="1", text="When do you open?")

    shown = bubble(browser_session.get(HERE).text, question)
    assert "\u2764" in shown
    assert "Edited" in shown
    assert "When do you open?" in shown

    happens("m1", "reaction", action="unreact", emoji="\u2764", at="later")
    assert "\u2764" not in bubble(browser_session.get(HERE).text, question)


@pytest.mark.parametrize(
    ("opened", "kind", "says"),
    [
        (timedelta(hours=1), "open", "You can reply"),
        (timedelta(hours=24), "people", "The bot's 24-hour window has closed. You can reply"),
        (timedelta(days=7), "shut", "You can reply once the contact writes again."),
        (None, "shut", "You can reply once the contact writes again."),
    ],
)
def test_the_window_is_told(
    browser_session: FlaskClient, opened: timedelta | None, kind: str, says: str
) -> None:
    at = None if opened is None else AT - opened
    a_conversation(a_contact(window_opened_at=at))

    page = browser_session.get(HERE).text

    assert f'class="window" data-kind="{kind}"' in page
    assert says in page


def test_a_conversation_that_somebody_looked_at_is_read(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation(last_user_message_at=AT)
    read = a_conversation(a_contact("701"), last_user_message_at=AT, read_at=AT)

    browser_session.get(HERE)
    browser_session.get(f"/conversations/{read.id}")

    assert backend.commands == [MarkRead(1, AT)]


def test_a_page_is_shown_though_it_cannot_be_marked_read(
    browser_session: FlaskClient, backend: Backend
) -> None:
    a_conversation(last_user_message_at=AT)
    backend.refuses = RuntimeError("too much to do")

    assert browser_session.get(HERE).status_code == 200


def test_a_conversation_is_told_anew_only_where_it_changed(
    browser_session: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    talk, other = a_conversation(), a_conversation(a_contact("701"))
    a_question(talk, "m1")
    seen = {**POLL, "If-None-Match": browser_session.get(HERE, headers=POLL).headers["ETag"]}

    a_question(other, "m2")
    frozen.tick(2)
    assert browser_session.get(HERE, headers=seen).status_code == 304

    a_question(talk, "m3", text="Anybody there?")
    frozen.tick(2)
    assert "Anybody there?" in browser_session.get(HERE, headers=seen).text


def test_a_long_conversation_goes_back_page_by_page(
    browser_session: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.web.pages.conversation._SHOWN", 2)
    contact = a_contact()
    first = a_conversation(contact, status="closed")
    talk = a_conversation(contact)
    for number in range(3):
        a_question(talk, f"m{number}", text=f"number {number}", created_at=after(number))

    page = browser_session.get(f"/conversations/{talk.id}").text
    assert "number 0" not in page
    older = page.split('class="between"><a href="')[1].split('"')[0]
    page = browser_session.get(older).text
    assert "number 0" in page
    assert f'href="/conversations/{first.id}"' in page
    assert "Latest messages" in page


@pytest.mark.parametrize("number", ["99", "0", "x", "9" * 30])
def test_a_conversation_that_is_none_is_not_found(
    browser_session: FlaskClient, number: str
) -> None:
    assert browser_session.get(f"/conversations/{number}").status_code == 404


def test_the_page_says_who_has_taken_over_and_until_when(browser_session: FlaskClient) -> None:
    a_conversation(status="human", held_until=after(3600), held_by="Ada")

    page = browser_session.get("/conversations/1").text

    assert 'id="held-by">Ada has taken over until <time datetime="2026-11-22T13:00' in page
    assert "Hand back to the bot" in page


def test_a_reply_is_signed_with_its_authors_name(browser_session: FlaskClient) -> None:
    a_reply(a_conversation(), author="operator", author_name="Ada")
    assert '<span class="by">Ada</span>' in browser_session.get("/conversations/1").text


def test_a_search_hit_is_shown_with_what_followed_and_its_term_marked(
    browser_session: FlaskClient,
) -> None:
    talk = a_conversation()
    ids = [a_question(talk, f"m{number}", text=f"order {number}").id for number in range(80)]

    page = browser_session.get(f"/conversations/{talk.id}?at={ids[40]}&q=ORDER+40").text

    shown = [each for each in ids if f'id="m{each}"' in page]
    assert shown == ids[16:66]
    assert "<mark>order</mark> <mark>40</mark>" in page
    assert "Latest messages" in page
    latest = browser_session.get(f"/conversations/{talk.id}?at={ids[70]}&q=order").text
    assert f'id="m{ids[-1]}"' in latest
    assert "Latest messages" not in latest


@pytest.mark.parametrize(
    ("columns", "chip"),
    [
        ({"status": "human", "needs_reply_since": AT}, "Needs reply"),
        ({"status": "open", "needs_reply_since": AT}, "Needs reply"),
        ({"status": "human"}, "With the team"),
        ({"status": "open"}, "Bot"),
        ({"status": "closed", "needs_reply_since": AT}, "Closed"),
    ],
)
def test_the_head_says_what_the_work_list_says(
    browser_session: FlaskClient, columns: dict[str, Any], chip: str
) -> None:
    a_question(a_conversation(**columns))

    head = browser_session.get(HERE).text.split('class="conversation-head"')[1].split("</p>")[0]

    assert f">{chip}</span>" in head
