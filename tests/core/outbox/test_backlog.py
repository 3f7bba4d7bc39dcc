"""Replies on disk are overtaken neither in their channel nor in their contact queue."""

from dataclasses import replace
from datetime import datetime

from moca.core.messages.delivery import FindPending, PendingFound
from moca.core.outbox.backlog import NOTHING, Backlog, window_for
from moca.core.outbox.queued_reply import Channel, QueuedReply, ReplyAddress, ReplyKind
from moca.core.outbox.rate_limits import Blocked
from moca.core.policy import SenderPolicy
from moca.core.types import Priority
from tests.core.outbox.outbox_driver import person
from tests.support.factory import NOON, at, reply_to

TEXT = Channel(person(0).account_id)
PRIVATE = Channel(person(0).account_id, ReplyKind.PRIVATE_REPLY)


def text(item_id: int, priority: Priority = Priority.NORMAL) -> QueuedReply:
    return reply_to(person(item_id), item_id, priority=priority)


def private(item_id: int) -> QueuedReply:
    return replace(text(item_id), way=ReplyAddress(comment_id=f"c{item_id}"))


def backlog_with(ends: dict[Channel, tuple[int, int]], window: int = 10) -> Backlog:
    backlog = Backlog(SenderPolicy())
    backlog.sweep(at(-60))
    asks(backlog, at(-60))
    finds(backlog, ends, window)
    return backlog


def asks(backlog: Backlog, now: datetime = NOON, look_at: datetime | None = None) -> FindPending:
    return backlog.ask(now, Blocked(frozenset(), frozenset(), look_at), frozenset())


def finds(
    backlog: Backlog,
    ends: dict[Channel, tuple[int, int]],
    window: int = 10,
    only: frozenset[str] | None = None,
) -> None:
    backlog.found(PendingFound((), (), None, ends=ends, window=window, only=only))


def test_with_nothing_on_disk_all_are_admitted() -> None:
    assert backlog_with({}).admits(text(7))


def test_a_newer_reply_stays_behind_those_on_disk_and_a_more_urgent_one_does_not() -> None:
    backlog = backlog_with({TEXT: (Priority.NORMAL, 5)})
    assert not backlog.admits(text(9))
    assert not backlog.admits(text(9, Priority.LOW))
    assert backlog.admits(text(9, Priority.HIGH))


def test_a_contact_who_may_wait_in_another_channel_of_the_account_is_looked_for() -> None:
    backlog = backlog_with({PRIVATE: NOTHING})
    assert not backlog.admits(text(9))
    assert backlog.admits(reply_to(person(9, "another"), 9))

    backlog.leave(text(9), at(0))
    assert backlog.wants_look(at(0))


def test_what_is_left_behind_others_is_no_reason_to_look() -> None:
    backlog = backlog_with({TEXT: (Priority.NORMAL, 5)})
    backlog.leave(text(9), at(0))
    assert not backlog.wants_look(at(0))


def test_what_was_left_while_the_database_was_asked_is_asked_for_again() -> None:
    backlog = backlog_with({})
    backlog.sweep(at(0))
    assert asks(backlog).only is None
    backlog.leave(text(9), at(0))
    finds(backlog, {})
    assert not backlog.admits(text(10))
    assert backlog.wants_look(at(0))

    only = frozenset({TEXT.account_id})
    assert asks(backlog).only == only
    finds(backlog, {}, only=only)
    assert backlog.admits(text(10))
    assert not backlog.wants_look(at(0))


def test_what_was_not_asked_for_stays_as_it_was_known() -> None:
    elsewhere = Channel("another")
    backlog = backlog_with({TEXT: (Priority.NORMAL, 5), elsewhere: (Priority.NORMAL, 5)})
    backlog.thinned({TEXT: 0})
    only = asks(backlog).only
    assert only == frozenset({TEXT.account_id})
    finds(backlog, {}, only=only)
    assert backlog.admits(text(9))
    assert not backlog.admits(reply_to(person(9, "another"), 9))


def test_the_database_is_not_asked_twice_at_once() -> None:
    backlog = backlog_with({})
    backlog.sweep(at(0))
    asks(backlog)
    backlog.sweep(at(0))
    assert not backlog.wants_look(at(0))


def test_without_room_every_channel_is_looked_at_but_not_all_the_time() -> None:
    backlog = backlog_with({})
    backlog.leave(text(9), at(0), is_crowded=True)
    assert asks(backlog, at(0)).only is None
    finds(backlog, {})
    backlog.leave(text(10), at(0.1), is_crowded=True)
    assert asks(backlog, at(0.1)).only == frozenset({TEXT.account_id})
    finds(backlog, {}, only=frozenset({TEXT.account_id}))
    assert [backlog.wants_look(at(seconds)) for seconds in (0.9, 1)] == [False, True]


def test_a_channel_that_has_more_on_disk_is_filled_up_before_it_runs_out() -> None:
    backlog = backlog_with({TEXT: (Priority.NORMAL, 5)})
    backlog.thinned({TEXT: 6, PRIVATE: 0})
    assert not backlog.wants_look(at(0))
    backlog.thinned({TEXT: 5})
    assert backlog.wants_look(at(0))


def test_what_may_not_go_is_looked_for_when_it_may() -> None:
    backlog = backlog_with({PRIVATE: NOTHING})
    backlog.thinned({PRIVATE: 0})
    assert not backlog.wants_look(at(0))
    backlog.sweep(at(0))
    asks(backlog, at(0), look_at=at(60))
    finds(backlog, {PRIVATE: NOTHING})
    assert backlog.wake_at() == at(60)
    assert [backlog.wants_look(at(seconds)) for seconds in (59, 60)] == [False, True]


def test_each_channel_has_a_fair_share_and_at_least_one() -> None:
    assert [window_for(4_000, channels) for channels in (0, 1, 3, 9_000)] == [4000, 4000, 1333, 1]
