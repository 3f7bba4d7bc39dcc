"""Replies to one contact are sent one at a time and in order, whatever comes between."""

from dataclasses import replace

from moca.core.content.content import Content, Media
from moca.core.outbox.backlog import NOTHING
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import Author
from tests.core.outbox.outbox_driver import POLICY, drive, hung, ids, outbox_with
from tests.support.factory import ANNA, BEN, at, reply_to


def test_a_reply_in_backoff_keeps_its_place_before_later_ones_to_the_same_person() -> None:
    retried, later = reply_to(ANNA, 1, due=20, attempts=1), reply_to(ANNA, 2)
    assert ids(drive(outbox_with([retried, later]), at(60))) == [1, 2]


def test_a_retry_read_after_the_clock_was_set_back_waits_no_longer_than_its_backoff() -> None:
    outbox = outbox_with([reply_to(ANNA, 1, due=3600, attempts=1)])
    assert ids(drive(outbox, at(1))) == []
    assert ids(drive(outbox, at(2), now=at(1))) == [1]


def test_a_reply_cancelled_and_queued_again_goes_once() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(ANNA, 2)])
    outbox.forget(2, at(0))
    outbox.add(reply_to(ANNA, 2), at(0))
    outbox.add(reply_to(ANNA, 3, due=5, author=Author.OPERATOR), at(0))
    outbox.forget(3, at(0))
    outbox.add(reply_to(ANNA, 3, due=5, author=Author.OPERATOR), at(0))
    assert ids(drive(outbox, at(60))) == [1, 2, 3]


def test_a_reply_that_comes_back_when_nothing_else_waited_for_its_contact_goes_once() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    outbox.forget(1, at(0))
    outbox.add(reply_to(ANNA, 1), at(0))
    assert ids(drive(outbox, at(60))) == [1]


def test_a_reply_under_way_holds_its_lane_until_it_is_released() -> None:
    outbox = Outbox(POLICY)
    outbox.hold(reply_to(ANNA, 1))
    outbox.add(reply_to(ANNA, 2), at(0))
    assert drive(outbox, at(60)) == []

    outbox.release(reply_to(ANNA, 1), at(60))
    assert ids(drive(outbox, at(120), now=at(60))) == [2]


def test_a_reply_held_again_by_late_news_does_not_let_go_the_one_under_way() -> None:
    outbox = Outbox(POLICY)
    outbox.hold(reply_to(ANNA, 1))
    outbox.add(reply_to(ANNA, 2), at(0))
    outbox.add(reply_to(ANNA, 3), at(0))
    outbox.release(reply_to(ANNA, 1), at(0))
    assert hung(outbox, at(0)) == [reply_to(ANNA, 2)]

    outbox.hold(reply_to(ANNA, 1))
    outbox.release(reply_to(ANNA, 1), at(0))
    assert hung(outbox, at(1)) == []


def test_a_forgotten_reply_does_not_go_and_its_lane_goes_on() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(ANNA, 2)])
    outbox.forget(1, at(0))
    assert ids(drive(outbox, at(60))) == [2]
    assert len(outbox) == 0


def test_what_waits_behind_a_forgotten_reply_goes_in_its_turn_by_whichever_way() -> None:
    in_private = replace(reply_to(ANNA, 2), way=ReplyAddress(comment_id="c1"))
    outbox = outbox_with([reply_to(ANNA, 1), in_private, reply_to(BEN, 3)])
    outbox.forget(1, at(0))
    assert ids(drive(outbox, at(60))) == [2, 3]


def test_the_same_item_is_held_once() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(ANNA, 1)])
    assert ids(drive(outbox, at(60))) == [1]


def test_what_is_left_on_disk_takes_along_what_waits_behind_it_in_another_channel() -> None:
    picture = Content(media=Media(type="image", url="https://example.org/1"))
    behind = replace(reply_to(ANNA, 2), content=picture)
    of_another = replace(reply_to(BEN, 3), content=picture)
    outbox = outbox_with([reply_to(ANNA, 1), behind, of_another])
    assert outbox.evict(reply_to(ANNA, 1).channel, NOTHING, at(0)) == (behind,)
    assert ids(drive(outbox, at(60))) == [3]
