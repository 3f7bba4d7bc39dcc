from datetime import datetime, timedelta
from typing import Any

import peewee
import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory

from moca.core.reasons import Reason
from moca.storage.db.tables import AccountRest, Message
from moca.storage.queries.queue import item_of
from moca.storage.queries.queue_forecast import COUNTED, QueuePosition, place_of
from moca.storage.queries.records import QueueItemRecord
from moca.web.presenters.journey_progress import in_line
from tests.support.values import id_of, present
from tests.web.rows import (
    ACCOUNT,
    AT,
    a_contact,
    a_conversation,
    a_question,
    a_reply,
    a_step,
    after,
    an_answered_question,
    an_item,
)

POLL = {"X-Moca-Live": "1"}


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (0, "next in line"),
        (1, "2nd in line, 1 ahead, about 1 s"),
        (2, "3rd in line, 2 ahead, about 1 s"),
        (10, "11th in line, 10 ahead, about 3 s"),
        (21, "22nd in line, 21 ahead, about 7 s"),
        (3_599, "3,600th in line, 3,599 ahead, about 1,200 s"),
        (COUNTED, "10,001st in line, 10,000 ahead or more, about 3,333 s"),
    ],
)
def test_a_place_in_line_is_told_in_words(ahead: int, says: str) -> None:
    assert in_line(ahead, 3) == says


def pending(psid: str, priority: int = 1, due: int = 0) -> QueueItemRecord | None:
    reply = a_reply(a_conversation(a_contact(psid)))
    an_item(reply, priority=priority, scheduled_for=after(due), created_at=after(0))
    return item_of(reply.id)


def test_those_go_first_who_are_more_urgent_or_came_before_and_may_go(
    database: peewee.Database,
) -> None:
    urgent, first = pending("1", priority=0), pending("2")
    later, ripe = pending("3", due=60), pending("4", due=5)
    last = pending("5")

    def ahead(item: QueueItemRecord | None, at: datetime) -> int:
        return place_of(present(item), at).ahead

    assert [ahead(each, after(1)) for each in (urgent, first, last)] == [0, 1, 2]
    assert [ahead(each, after(5)) for each in (ripe, last)] == [2, 3]
    assert ahead(last, after(60)) == 4
    assert present(later).scheduled_for == after(60)


def test_an_account_that_rests_is_waited_for(database: peewee.Database) -> None:
    AccountRest.create(account_id=ACCOUNT, rests_until=after(60))
    item = present(pending("1"))

    assert place_of(item, after(1)) == QueuePosition(ahead=0, rests_until=after(60))
    assert place_of(item, after(60)) == QueuePosition(ahead=0, rests_until=None)


def waiting_question(psid: str = "700", **item: Any) -> Message:
    reply = a_reply(a_conversation(a_contact(psid)))
    question = a_question(reply.conversation, f"m{psid}", processed=True, reply=reply)
    a_step(question, 0, "reception", "received")
    a_step(question, 5, "queue", "queued")
    an_item(reply, scheduled_for=AT, created_at=AT, **item)
    return question


def test_the_page_tells_the_place_in_line_and_how_long(browser_session: FlaskClient) -> None:
    for number in range(3):
        waiting_question(f"70{number}")

    page = browser_session.get("/messages/m702").text

    assert "3rd in line, 2 ahead, about 1 s" in page


def test_the_page_tells_until_when_an_account_rests(browser_session: FlaskClient) -> None:
    waiting_question()
    AccountRest.create(account_id=ACCOUNT, rests_until=after(60))

    page = browser_session.get("/messages/m700").text

    assert "the account is rate limited" in page
    assert 'data-until="2026-11-22T12:01:00Z"' in page


def test_a_dead_token_is_the_one_cause_on_every_page(browser_session: FlaskClient) -> None:
    question = waiting_question()
    AccountRest.create(
        account_id=ACCOUNT, rests_until=after(60), problem="Instagram refused the access token"
    )

    pages = [
        browser_session.get(path).text
        for path in (
            "/messages/m700",
            f"/conversations/{id_of(question, 'conversation')}",
            "/queue",
        )
    ]

    for page in pages:
        assert "Instagram refused the access token" in page
        assert "rate limited" not in page
        assert "goes out at" not in page


def test_the_page_of_a_silence_tells_what_would_have_changed_it(
    browser_session: FlaskClient,
) -> None:
    talk = a_conversation()
    first = a_question(talk, "m1", created_at=AT - timedelta(seconds=3.2))
    repeat = a_question(
        talk,
        "m2",
        processed=True,
        outcome="duplicate",
        because="same text 3.2 s earlier, within 10 s",
        duplicate_of=first,
    )
    a_step(repeat, 0, "deduplication", "duplicate")

    page = browser_session.get("/messages/m2").text

    assert "What would have changed this" in page
    assert "With dedup_seconds below 3.2, the bot would have replied." in page


def test_the_cooldown_that_kept_an_answer_back_is_named(browser_session: FlaskClient) -> None:
    talk = a_conversation()
    a_reply(talk, status="sent", mid="r0", sent_at=AT - timedelta(seconds=9))
    question = a_question(
        talk,
        processed=True,
        outcome="suppressed",
        because="a teammate took over",
        reason=Reason.WAS_TAKEN_OVER,
    )
    a_step(question, 0, "cooldown", "waiting", "until 12:00:21, 21 s left")
    a_step(question, 12, "outcome", "suppressed")

    page = browser_session.get("/messages/m1").text

    assert "With a cooldown of 20 s, the bot would have replied." in page


def test_an_answered_message_needs_no_other_course(browser_session: FlaskClient) -> None:
    an_answered_question()

    assert "What would have changed this" not in browser_session.get("/messages/m1").text


def test_a_journey_that_ended_is_told_anew_only_with_a_new_step(
    browser_session: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    question, _ = an_answered_question()
    first = browser_session.get("/messages/m1", headers=POLL)
    seen = {**POLL, "If-None-Match": first.headers["ETag"]}

    frozen.tick(2)
    assert browser_session.get("/messages/m1", headers=seen).status_code == 304
    a_step(question, 9, "state", "edited", "edit 1 was recorded only")
    frozen.tick(2)
    assert "edit 1 was recorded only" in browser_session.get("/messages/m1", headers=seen).text


def test_a_journey_under_way_is_told_anew_every_time(
    browser_session: FlaskClient, frozen: FrozenDateTimeFactory
) -> None:
    waiting_question()
    first = browser_session.get("/messages/m700", headers=POLL)

    frozen.tick(2)
    again = browser_session.get(
        "/messages/m700", headers={**POLL, "If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 200
