from datetime import timedelta

import pytest

from moca.core.messages.delivery import (
    ListKnownMessages,
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
)
from moca.core.outbox.call_results import CallEnded, Record, after_call, after_reading, rescheduled
from moca.core.outbox.delivery import (
    AccountStopped,
    Delivered,
    DeliveryResult,
    FoundInRecord,
    MissingFromRecord,
    NotBegun,
    RecordUnreadable,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
    VerificationResult,
)
from moca.core.outbox.verification import Verification, VerificationStep
from moca.core.policy import SenderPolicy
from tests.support.factory import ANNA, BEN, at, reply_to

POLICY = SenderPolicy()
ONCE, OFTEN = reply_to(attempts=1), reply_to(attempts=5)
GONE = "it did not arrive"


@pytest.mark.parametrize(
    ("result", "ended"),
    [
        (Delivered("mid"), CallEnded(RecordSent(1, "mid", at(0), "confirmed by Instagram"))),
        (
            Delivered("mid", usage_percent=87.5),
            CallEnded(RecordSent(1, "mid", at(0), "confirmed by Instagram"), at(15)),
        ),
        (Unconfirmed("timeout"), CallEnded(RecordUnknown(1, "timeout", at(0)))),
        (Rejected("gone"), CallEnded(RecordFailed(1, "gone", at(0)))),
        (Undelivered("refused"), CallEnded(RecordRetry(1, "refused", at(0), at(2)))),
        (
            Throttled("613", timedelta(minutes=5)),
            CallEnded(
                RecordRetry(
                    1, "613", at(0), at(300), is_spent=False, resting_account=ANNA.account_id
                ),
                at(300),
            ),
        ),
        (
            NotBegun("the account rests", at(60)),
            CallEnded(
                RecordRetry(
                    1,
                    "the account rests",
                    at(0),
                    at(60),
                    is_spent=False,
                    was_called=False,
                    resting_account=ANNA.account_id,
                )
            ),
        ),
        (
            Throttled("613"),
            CallEnded(
                RecordRetry(
                    1, "613", at(0), at(60), is_spent=False, resting_account=ANNA.account_id
                ),
                at(60),
            ),
        ),
        (
            AccountStopped("190"),
            CallEnded(
                RecordRetry(
                    1,
                    "190",
                    at(0),
                    at(60),
                    is_spent=False,
                    needs_operator=True,
                    resting_account=ANNA.account_id,
                ),
                account_stopped_until=at(60),
                account_problem="190",
            ),
        ),
    ],
)
def test_a_call_s_end_says_what_is_written(result: DeliveryResult, ended: CallEnded) -> None:
    assert after_call(ONCE, result, at(0), POLICY, jitter=1) == ended


def test_after_the_last_attempt_it_has_failed() -> None:
    assert after_call(OFTEN, Undelivered("refused"), at(0), POLICY, jitter=1) == CallEnded(
        RecordFailed(1, "refused; gave up after 5 attempts", at(0))
    )


@pytest.mark.parametrize(
    ("result", "record"),
    [
        (
            FoundInRecord("mid", at(-5)),
            RecordSent(1, "mid", at(0), "found in Instagram's message history"),
        ),
        (
            MissingFromRecord(),
            RecordRetry(1, "not found in Instagram's message history", at(0), at(1)),
        ),
        (RecordUnreadable("190"), RecordUnknown(1, "190", at(0), may_go_again=False)),
    ],
)
def test_a_reading_says_what_is_written(result: VerificationResult, record: Record) -> None:
    assert after_reading(ONCE, result, at(0), POLICY, jitter=0) == record


def test_the_record_is_read_after_a_while_and_again_before_it_is_believed() -> None:
    settling = Verification(POLICY)
    settling.add(ONCE, started_at=at(-1), now=at(0))

    assert settling.wake_at(at(0)) == at(10)
    assert settling.readings(at(9.9)) == ()
    assert settling.readings(at(10)) == (ListKnownMessages(ONCE, at(-1)),)
    assert settling.readings(at(10)) == ()
    assert settling.read(1, MissingFromRecord(), at(11)) is None
    assert settling.wake_at(at(11)) == at(21)
    assert settling.readings(at(21)) == (ListKnownMessages(ONCE, at(-1)),)
    assert settling.read(1, MissingFromRecord(), at(22)) == VerificationStep(
        ONCE, MissingFromRecord()
    )
    assert 1 not in settling


def test_one_reading_that_shows_it_is_enough() -> None:
    settling = Verification(POLICY)
    settling.add(ONCE, at(-1), at(0))
    settling.readings(at(10))
    assert settling.read(1, FoundInRecord("mid", at(0)), at(11)) == VerificationStep(
        ONCE, FoundInRecord("mid", at(0))
    )


def test_what_cannot_be_read_is_left_to_the_operator_in_the_end() -> None:
    settling = Verification(POLICY)
    settling.add(ONCE, at(-1), at(0))
    verdicts = []
    for n in range(10, 60, 10):
        assert settling.readings(at(n)) == (ListKnownMessages(ONCE, at(-1)),)
        verdicts.append(settling.read(1, RecordUnreadable("190"), at(n)))
    assert verdicts == [None] * 4 + [VerificationStep(ONCE, RecordUnreadable("190"))]


def test_an_account_is_read_no_more_often_than_meta_allows() -> None:
    settling = Verification(POLICY)
    other = reply_to(BEN, 2)
    settling.add(ONCE, at(-1), at(0))
    settling.add(other, at(-1), at(0))

    assert settling.readings(at(10)) == (ListKnownMessages(ONCE, at(-1)),)
    assert settling.wake_at(at(10)) == at(11)
    assert settling.readings(at(11)) == (ListKnownMessages(other, at(-1)),)


def test_a_doubt_settled_otherwise_is_forgotten() -> None:
    settling = Verification(POLICY)
    settling.add(ONCE, at(-1), at(0))
    assert settling.forget(1) is not None
    assert settling.read(1, MissingFromRecord(), at(20)) is None
    assert settling.wake_at(at(20)) is None


def test_a_reading_that_is_never_heard_of_is_made_again_and_counts_once() -> None:
    settling = Verification(POLICY)
    settling.add(ONCE, at(0), at(0))
    asked = ListKnownMessages(ONCE, at(0))
    assert settling.readings(at(10)) == (asked,)
    assert settling.wake_at(at(10)) == at(130)
    assert settling.readings(at(129)) == ()
    assert settling.readings(at(130)) == (asked,)
    assert settling.read(1, MissingFromRecord(), at(131)) is None
    assert settling.read(1, MissingFromRecord(), at(132)) is None, "the lost one comes after all"
    assert settling.readings(at(141)) == (asked,)
    assert settling.read(1, MissingFromRecord(), at(142)) == VerificationStep(
        ONCE, MissingFromRecord()
    )


def test_a_reply_that_keeps_its_turn_keeps_it_though_the_clock_was_set_back() -> None:
    retried = reply_to(ANNA, 1, due=20, attempts=2)
    account_rests = RecordRetry(1, "too many calls", at(-7200), at(-7140), is_spent=False)
    assert rescheduled(retried, account_rests) == reply_to(ANNA, 1, due=-7200, attempts=1)
