"""The queue's head, however long the queue."""

from dataclasses import replace
from typing import Any

import peewee
import pytest

from moca.core.content.content import Content, Media
from moca.core.messages.delivery import FindPending, PendingFound, RecordRetry
from moca.core.outbox.backlog import NOTHING
from moca.core.outbox.queued_reply import Channel, ReplyKind
from moca.core.types import Author, ContactKey, Priority
from tests.storage.desk import Desk
from tests.support.databases import query_plan, recorded_sql
from tests.support.factory import ANNA, BEN, at
from tests.support.values import only

BY_HAND: dict[str, Any] = {"author": Author.OPERATOR}


def test_what_is_for_later_hides_nothing_that_is_due(desk: Desk) -> None:
    desk.receive("m1")
    for number in range(4):
        desk.queue(scheduled_for=at(900 + number), priority=Priority.HIGH, **BY_HAND)
    due = [desk.queue(priority=Priority.LOW), desk.queue(scheduled_for=at(60), **BY_HAND)]

    found = only(desk.do(FindPending(2, at(6), at(66))), PendingFound)
    assert found.replies == (due[1], due[0])


def test_of_many_that_have_become_due_the_urgent_and_the_oldest_are_found(desk: Desk) -> None:
    desk.receive("m1")
    desk.queue(scheduled_for=at(50), priority=Priority.LOW, **BY_HAND)
    first, second = (desk.queue(scheduled_for=at(due), **BY_HAND) for due in (40, 30))
    urgent = desk.queue(scheduled_for=at(55), priority=Priority.HIGH, **BY_HAND)

    found = only(desk.do(FindPending(2, at(60), at(60))), PendingFound)
    assert found.replies == (urgent, first)
    found = only(desk.do(FindPending(3, at(60), at(60))), PendingFound)
    assert found.replies == (urgent, first, second)


def test_what_became_due_later_is_not_overtaken_on_the_way_to_its_contact(desk: Desk) -> None:
    desk.receive("m1")
    oldest, *_ = [desk.queue(scheduled_for=at(due), **BY_HAND) for due in (50, 40, 30)]

    found = only(desk.do(FindPending(1, at(60), at(60))), PendingFound)
    assert found.replies == (oldest,)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_channels_heads_are_read_off_their_indexes(
    desk: Desk, database: peewee.Database
) -> None:
    desk.receive("m1")
    desk.queue()
    with recorded_sql(database) as statements:
        desk.do(FindPending(9, at(60), at(60)))
    heads = [asked for asked in statements if '"channel"' in asked[0] and "json_each" in asked[0]]
    walks = [asked for asked in statements if "WITH RECURSIVE" in asked[0]]
    assert (len(heads), len(walks)) == (2, 2)
    plans = [query_plan(database, *each) for each in (*walks, *heads)]
    by_channel = [[step for step in plan if "queue_item" in step] for plan in plans]
    assert all("INDEX queue_item_of_channel" in step for plan in by_channel for step in plan)
    assert not any("TEMP B-TREE" in step for plan in plans for step in plan)


ELSEWHERE = ContactKey("17841400000000002", "28978671838402975")
PICTURE = Content(media=Media(type="image", url="https://example.org/a.png"))


def test_each_channel_has_its_share_however_many_wait_in_another(desk: Desk) -> None:
    desk.receive("m1")
    desk.receive("m2", contact=ELSEWHERE)
    many = [desk.queue() for _ in range(10)]
    few = [desk.queue(conversation_id=2) for _ in range(2)]

    found = only(desk.do(FindPending(6, at(6), at(66))), PendingFound)
    assert found.replies == (*many[:3], *few)
    assert found.ends == {Channel(ANNA.account_id): (1, many[2].item_id)}
    assert found.window == 3


def test_what_may_not_go_is_not_read_and_takes_nothing_of_the_share(desk: Desk) -> None:
    desk.receive("m1")
    desk.receive("m2", contact=ELSEWHERE)
    for _ in range(4):
        desk.queue()
    few = [desk.queue(conversation_id=2) for _ in range(3)]

    resting = frozenset({ANNA.account_id})
    found = only(desk.do(FindPending(4, at(6), at(66), resting=resting)), PendingFound)
    assert found.replies == tuple(few)
    assert found.ends == {Channel(ANNA.account_id): NOTHING}

    exhausted = frozenset({Channel(ELSEWHERE.account_id)})
    found = only(
        desk.do(FindPending(4, at(6), at(66), resting=resting, exhausted=exhausted)), PendingFound
    )
    assert found.replies == ()


def test_what_is_held_is_not_read_again(desk: Desk) -> None:
    desk.receive("m1")
    held, more = desk.queue(), desk.queue()

    found = only(
        desk.do(FindPending(9, at(6), at(66), held=frozenset({held.item_id}))), PendingFound
    )
    assert found.replies == (more,)


def test_with_more_channels_than_room_each_has_its_first(desk: Desk) -> None:
    desk.receive("m1")
    desk.receive("m2", contact=ELSEWHERE)
    first, _ = desk.queue(), desk.queue()
    other, _ = desk.queue(conversation_id=2), desk.queue(conversation_id=2)

    found = only(desk.do(FindPending(1, at(6), at(66))), PendingFound)
    assert found.replies == (first, other)


def test_what_follows_a_reply_that_is_left_on_disk_in_another_channel_is_left_too(
    desk: Desk,
) -> None:
    desk.receive("m1")
    desk.receive("m2", contact=BEN)
    for _ in range(2):
        desk.queue(conversation_id=2, content=PICTURE)
    picture, text = desk.queue(content=PICTURE), desk.queue()

    found = only(desk.do(FindPending(4, at(6), at(66))), PendingFound)
    assert text not in found.replies
    assert picture not in found.replies
    found = only(desk.do(FindPending(6, at(6), at(66))), PendingFound)
    assert found.replies[-2:] == (picture, text)


@pytest.mark.parametrize("waiting", [1, 2, 9])
def test_what_waits_behind_an_exhausted_channel_takes_nothing_of_the_share(
    desk: Desk, waiting: int
) -> None:
    for number in range(1, waiting + 1):
        contact = ContactKey(ANNA.account_id, f"commenter-{number}")
        desk.receive(f"m{number}", contact=contact)
        desk.queue(conversation_id=number, content=PICTURE)
        desk.queue(conversation_id=number)
    desk.receive("m100", contact=BEN)
    free = [desk.queue(conversation_id=waiting + 1) for _ in range(3)]

    pictures = frozenset({free[0].channel._replace(kind=ReplyKind.MEDIA)})
    found = only(desk.do(FindPending(2, at(6), at(66), exhausted=pictures)), PendingFound)
    assert found.replies == tuple(free[:2])
    assert found.ends[free[0].channel] == (free[1].priority, free[1].item_id)


@pytest.mark.parametrize(("attempts", "backoff"), [(1, 2), (3, 8)])
def test_after_a_clock_set_back_a_retry_waits_no_longer_than_its_backoff(
    desk: Desk, attempts: int, backoff: int
) -> None:
    desk.receive("m1")
    reply = desk.queue()
    by_hand = desk.queue(scheduled_for=at(3900), **BY_HAND)
    for attempt in range(attempts):
        desk.claim(reply, 3600 + attempt)
        retry = RecordRetry(reply.item_id, "no answer", at(3600 + attempt), at(3602 + attempt))
        desk.do(retry)

    found = only(desk.do(FindPending(9, at(60), at(120))), PendingFound)
    assert found.replies == (replace(reply, attempts=attempts, scheduled_for=at(60 + backoff)),)
    found = only(
        desk.do(FindPending(9, at(3900), at(3900), held=frozenset({reply.item_id}))), PendingFound
    )
    assert found.replies == (by_hand,)
