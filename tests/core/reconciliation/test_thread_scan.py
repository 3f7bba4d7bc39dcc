from datetime import timedelta

from moca.core.reconciliation.thread_scan import (
    ListedThread,
    ListThreads,
    ReadThread,
    ScanPeriod,
    ThreadPage,
    ThreadScan,
    span_to_compare,
)
from tests.support.factory import NOON, at

SPAN = ScanPeriod(at(-300), at(-60))


def listed(*updated: float, after: str = "", first: int = 0) -> ThreadPage:
    threads = (ListedThread(f"t{first + n}", at(each)) for n, each in enumerate(updated))
    return ThreadPage(tuple(threads), after)


def looked() -> ThreadScan:
    return ThreadScan("a", SPAN)


def test_a_first_look_goes_back_a_day() -> None:
    assert span_to_compare(None, NOON) == ScanPeriod(NOON - timedelta(hours=24), at(-60))


def test_a_look_begins_a_little_before_the_last_one_ended() -> None:
    assert span_to_compare(at(-400), NOON) == ScanPeriod(at(-520), at(-60))


def test_after_a_long_pause_a_look_goes_back_two_days() -> None:
    assert span_to_compare(NOON - timedelta(days=9), NOON).since == NOON - timedelta(days=2)


def test_a_webhook_that_is_merely_late_is_not_missed() -> None:
    span = span_to_compare(None, NOON)

    assert at(-61) in span
    assert at(-59) not in span


def test_the_list_is_read_until_a_page_has_nothing_new() -> None:
    look = looked()
    steps: list[object] = [look.next]
    for page in (listed(0, -100, after="p2"), listed(-301, -400, after="p3", first=2)):
        look.list(page)
        steps.append(look.next)

    assert steps == [ListThreads(""), ListThreads("p2"), ReadThread("t0")]


def test_the_threads_that_changed_are_read_one_after_another() -> None:
    look = looked()
    look.list(listed(0, -301, -100))
    read = []
    while isinstance(look.next, ReadThread):
        read.append(look.next.id)
        look.read()

    assert read == ["t0", "t2"]
    assert look.next is None


def test_a_thread_that_cannot_be_read_is_left_out() -> None:
    look = looked()
    look.list(listed(0, 0))
    look.fail()

    assert (look.next, look.is_hopeless) == (ReadThread("t1"), False)


def test_a_look_that_fails_three_times_on_end_is_hopeless() -> None:
    look = looked()
    for _ in range(3):
        assert not look.is_hopeless
        look.fail()

    assert look.is_hopeless


def test_more_threads_than_a_look_takes_are_counted() -> None:
    look = looked()
    for page in range(11):
        look.list(listed(*[0] * 100, after="more", first=page * 100))

    assert look.left_out == 100
    assert look.next == ReadThread("t0")


def test_a_thread_that_has_not_changed_since_the_last_look_is_not_read_again() -> None:
    first = ThreadScan("a", ScanPeriod(at(-600), at(-60)))
    first.list(listed(-90, -100))
    first.read()
    first.read()
    second = ThreadScan("a", ScanPeriod(at(-180), at(240)), first.was_read)
    second.list(listed(-90, 0))

    assert second.next == ReadThread("t1")


def test_a_thread_whose_last_message_was_too_young_is_read_again() -> None:
    first = ThreadScan("a", ScanPeriod(at(-600), at(-60)))
    first.list(listed(-30))
    first.read()
    second = ThreadScan("a", ScanPeriod(at(-180), at(240)), first.was_read)
    second.list(listed(-30))

    assert second.next == ReadThread("t0")
