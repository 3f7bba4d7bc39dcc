from datetime import timedelta

import pytest

from moca.core.messages.delivery import (
    ListKnownMids,
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
)
from moca.core.outbox.call_results import Ended, Record, after_call, after_reading, put_off
from moca.core.outbox.delivery import (
    AccountStopped,
    Arrived,
    Delivered,
    DeliveryResult,
    NotArrived,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
    Unreadable,
    VerificationResult,
)
from moca.core.outbox.verification import Settling, Verdict
from moca.core.policy import SenderPolicy
from tests.support.factory import ANNA, BEN, at, reply_to

POLICY = SenderPolicy()
ONCE, OFTEN = reply_to(attempts=1), reply_to(attempts=5)
GONE = "it did not arrive"


@pytest.mark.parametrize(
    ("result", "ended"),
    [
        (Delivered("mid"), Ended(RecordSent(1, "mid", at(0), "Instagram's answer"))),
        (
            Delivered("mid", usage_percent=87.5),
            Ended(RecordSent(1, "mid", at(0), "Instagram's answer"), at(15)),
        ),
        (Unconfirmed("timeout"), Ended(RecordUnknown(1, "timeout", at(0)))),
        (Rejected("gone"), Ended(RecordFailed(1, "gone", at(0)))),
        (Undelivered("refused"), Ended(RecordRetry(1, "refused", at(0), at(2)))),
        (
            Throttled("613", timedelta(minutes=5)),
            Ended(RecordRetry(1, "613", at(0), at(300), is_spent=False), at(300)),
        ),
        (
            Throttled("613"),
            Ended(RecordRetry(1, "613", at(0), at(60), is_spent=False), at(60)),
        ),
        (
            AccountStopped("190"),
            Ended(
                RecordRetry(1, "190", at(0), at(60), is_spent=False),
                account_stopped_until=at(60),
                account_ails="190",
            ),
        ),
    ],
)
def test_a_call_s_end_says_what_is_written(result: DeliveryResult, ended: Ended) -> None:
    assert after_call(ONCE, result, at(0), POLICY, jitter=1) == ended


def test_after_the_last_attempt_it_has_failed() -> None:
    assert after_call(OFTEN, Undelivered("refused"), at(0), POLICY, jitter=1) == Ended(
        RecordFailed(1, "refused; gave up after 5 tries", at(0))
    )


@pytest.mark.parametrize(
    ("result", "record"),
    [
        (Arrived("mid", at(-5)), RecordSent(1, "mid", at(0), "Instagram's record")),
        (
            NotArrived(),
            RecordRetry(1, "Instagram's record shows that it did not arrive", at(0), at(1)),
        ),
        (Unreadable("190"), None),
    ],
)
def test_a_reading_says_what_is_written(result: VerificationResult, record: Record | None) -> None:
    assert after_reading(ONCE, result, at(0), POLICY, jitter=0) == record


def test_the_record_is_read_after_a_while_and_again_before_it_is_believed() -> None:
    settling = Settling(POLICY)
    settling.add(ONCE, started_at=at(-1), now=at(0))

    assert settling.wake_at(at(0)) == at(10)
    assert settling.readings(at(9.9)) == ()
    assert settling.readings(at(10)) == (ListKnownMids(ONCE, at(-1)),)
    assert settling.readings(at(10)) == ()
    assert settling.read(1, NotArrived(), at(11)) is None
    assert settling.wake_at(at(11)) == at(21)
    assert settling.readings(at(21)) == (ListKnownMids(ONCE, at(-1)),)
    assert settling.read(1, NotArrived(), at(22)) == Verdict(ONCE, NotArrived())
    assert 1 not in settling


def test_one_reading_that_shows_it_is_enough() -> None:
    settling = Settling(POLICY)
    settling.add(ONCE, at(-1), at(0))
    settling.readings(at(10))
    assert settling.read(1, Arrived("mid", at(0)), at(11)) == Verdict(ONCE, Arrived("mid", at(0)))


def test_what_cannot_be_read_is_left_to_the_operator_in_the_end() -> None:
    settling = Settling(POLICY)
    settling.add(ONCE, at(-1), at(0))
    verdicts = []
    for n in range(10, 60, 10):
        assert settling.readings(at(n)) == (ListKnownMids(ONCE, at(-1)),)
        verdicts.append(settling.read(1, Unreadable("190"), at(n)))
    assert verdicts == [None] * 4 + [Verdict(ONCE, Unreadable("190"))]


def test_an_account_is_read_no_more_often_than_meta_allows() -> None:
    settling = Settling(POLICY)
    other = reply_to(BEN, 2)
    settling.add(ONCE, at(-1), at(0))
    settling.add(other, at(-1), at(0))

    assert settling.readings(at(10)) == (ListKnownMids(ONCE, at(-1)),)
    assert settling.wake_at(at(10)) == at(11)
    assert settling.readings(at(11)) == (ListKnownMids(other, at(-1)),)


def test_a_doubt_settled_otherwise_is_forgotten() -> None:
    settling = Settling(POLICY)
    settling.add(ONCE, at(-1), at(0))
    assert settling.forget(1) is not None
    assert settling.read(1, NotArrived(), at(20)) is None
    assert settling.wake_at(at(20)) is None


def test_a_reading_that_is_never_heard_of_is_made_again_and_counts_once() -> None:
    settling = Settling(POLICY)
    settling.add(ONCE, at(0), at(0))
    asked = ListKnownMids(ONCE, at(0))
    assert settling.readings(at(10)) == (asked,)
    assert settling.wake_at(at(10)) == at(130)
    assert settling.readings(at(129)) == ()
    assert settling.readings(at(130)) == (asked,)
    assert settling.read(1, NotArrived(), at(131)) is None
    assert settling.read(1, NotArrived(), at(132)) is None, "the lost one comes after all"
    assert settling.readings(at(141)) == (asked,)
    assert settling.read(1, NotArrived(), at(142)) == Verdict(ONCE, NotArrived())


def test_a_reply_that_keeps_its_turn_keeps_it_though_the_clock_was_set_back() -> None:
    retried = reply_to(ANNA, 1, due=20, attempts=2)
    account_rests = RecordRetry(1, "too many calls", at(-7200), at(-7140), is_spent=False)
    assert put_off(retried, account_rests) == reply_to(ANNA, 1, due=-7200, attempts=1)
