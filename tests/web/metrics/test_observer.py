from freezegun.api import FrozenDateTimeFactory

from moca.core.messages.delivery import DeliveryEnded, DeliveryStarted, ReplyFailed, ReplySent
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.replies import MessagesEnded, ReplyQueued
from moca.core.outbox.delivery import Delivered
from moca.core.types import ContactKey, Outcome
from moca.web.metrics.minutes import MinuteMetrics
from moca.web.metrics.observer import MetricsObserver, RecentValues
from moca.web.metrics.prometheus import Metrics
from tests.support.factory import ANNA, at, reply_to, said


def lines(metrics: Metrics) -> set[str]:
    return set(metrics.exposition().decode().splitlines())


def observed(*events: object) -> set[str]:
    metrics = Metrics("1.2.3")
    observation = MetricsObserver(metrics)
    for event in events:
        observation.observe(event)
    return lines(metrics)


def test_a_reply_answers_all_its_inputs_and_is_timed_from_the_first() -> None:
    told = observed(
        MessageArrived(ANNA, 1, said(1, "one", 0)),
        MessageArrived(ANNA, 1, said(2, "two", 2)),
        ReplyQueued(ANNA, reply_to(item_id=7), (1, 2)),
        DeliveryStarted(7, at(5)),
        DeliveryEnded(7, at(5.2), Delivered("r1"), ANNA.account_id),
        ReplySent(ANNA, 7, at(6)),
        ReplySent(ANNA, 7, at(6)),
        MessagesEnded((1, 2), Outcome.ANSWERED, "answered by r1"),
    )

    assert {
        'moca_messages_total{outcome="answered"} 2.0',
        "moca_reply_seconds_count 1.0",
        "moca_reply_seconds_sum 6.0",
        'moca_send_call_seconds_count{result="delivered"} 1.0',
        'moca_send_call_seconds_bucket{le="0.1",result="delivered"} 0.0',
        'moca_send_call_seconds_bucket{le="0.25",result="delivered"} 1.0',
    } <= told


def test_messages_are_counted_by_how_they_ended() -> None:
    told = observed(
        MessagesEnded((1,), Outcome.DUPLICATE, "same text"),
        MessagesEnded((2, 3), Outcome.SUPPRESSED, "closed"),
        MessagesEnded((4,), Outcome.DUPLICATE, "same text"),
    )
    assert {
        'moca_messages_total{outcome="duplicate"} 2.0',
        'moca_messages_total{outcome="suppressed"} 2.0',
    } <= told


def test_what_happens_to_an_account_is_counted_for_it_and_for_all(
    frozen: FrozenDateTimeFactory,
) -> None:
    metrics = Metrics("1.2.3")
    observer, bob = MetricsObserver(metrics), ContactKey("another", "9")
    for event in (
        MessageArrived(ANNA, 1, said(1, "one", 0)),
        MessageArrived(bob, 2, said(2, "two", 0)),
        MessagesEnded((1, 2, 3), Outcome.ANSWERED, "answered by r1"),
        DeliveryEnded(7, at(1), Delivered("r1"), "another"),
    ):
        observer.observe(event)

    counted = {(each.name, each.account_id): each.count for each in metrics.minutes.held()}
    assert counted == {
        ("outcome.answered", ""): 3,
        ("outcome.answered", ANNA.account_id): 1,
        ("outcome.answered", "another"): 1,
        ("call.delivered", ""): 1,
        ("call.delivered", "another"): 1,
    }


def test_many_accounts_leave_room_for_the_counts_of_all(frozen: FrozenDateTimeFactory) -> None:
    minutes = MinuteMetrics()
    for number in range(10_000):
        minutes.note("reply", account_id=f"account {number}")
    minutes.note("ack")

    held = minutes.held()
    assert len(held) == 8_001
    assert sum(each.count for each in held if not each.account_id) == 10_001


def test_a_reply_that_failed_is_not_timed() -> None:
    arrived, queued = (
        MessageArrived(ANNA, 1, said(1, "one", 0)),
        ReplyQueued(ANNA, reply_to(item_id=7), (1,)),
    )
    failed, sent = ReplyFailed(ANNA, 7, "user gone"), ReplySent(ANNA, 7, at(6))
    assert "moca_reply_seconds_count 0.0" in observed(arrived, queued, failed, sent)


def test_what_arrived_before_a_restart_is_not_timed() -> None:
    told = observed(ReplyQueued(ANNA, reply_to(item_id=7), (1,)), ReplySent(ANNA, 7, at(6)))
    assert "moca_reply_seconds_count 0.0" in told


def test_a_full_memory_forgets_the_oldest() -> None:
    memory: RecentValues[str, str] = RecentValues(2)
    for name in "abc":
        memory.put(name, name.upper())

    assert [memory.take(name) for name in "abcc"] == [None, "B", "C", None]
