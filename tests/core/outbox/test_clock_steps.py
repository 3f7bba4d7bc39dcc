"""A step of the wall clock, either way, delays no reply by more than its own span."""

from datetime import datetime, timedelta

import pytest

from moca.core.messages.delivery import ReplyClaimed
from moca.core.outbox.account_rests import AccountRests, RestingAccount
from moca.core.outbox.clock_comparison import ClockComparison
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.outbox.rate_limits import SlidingWindow
from moca.core.outbox.read_budget import ReadBudget
from moca.core.outbox.verification import Verification
from moca.core.policy import SenderPolicy
from tests.core.outbox.outbox_driver import drive, outbox_with, person
from tests.support.factory import ANNA, at, reply_to

STEPS = [-86_400, -3600, -30, -8, -1, -0.3, 0.3, 8, 3600]
SECOND = timedelta(seconds=1)


def spent(policy: SenderPolicy, until: float = 2) -> Outbox:
    """An outbox that has just used up its second on three contacts."""
    outbox = outbox_with((reply_to(person(n), n) for n in (1, 2, 3)), policy)
    assert len(drive(outbox, at(until))) == 3
    return outbox


def wait_of(outbox: Outbox, reply: QueuedReply, now: datetime) -> float:
    outbox.add(reply, now)
    sent = drive(outbox, now + timedelta(days=2), now=now)
    return (sent[0][0] - now).total_seconds()


@pytest.mark.parametrize("step", STEPS)
def test_the_next_person_is_answered_within_the_second_that_the_limit_counts(step: float) -> None:
    assert wait_of(spent(SenderPolicy()), reply_to(person(4), 4), at(0.5 + step)) <= 1.01


def test_only_a_clock_set_ahead_is_noticed() -> None:
    steps = ClockComparison()
    read = [(0, 50), (10, 60), (3610, 60), (3620, 70), (20, 71), (21.05, 72), (21.25, 72)]
    noticed = [steps.ahead_by(at(now), steady).total_seconds() for now, steady in read]
    assert noticed == pytest.approx([0, 0, 3600, 0, 0, 0, 0.2])


@pytest.mark.parametrize("step", [0.3, 8, 3600])
@pytest.mark.parametrize("passed", [0, 0.4, 0.99])
def test_a_clock_set_ahead_frees_no_limit_before_its_second_is_over(
    step: float, passed: float
) -> None:
    outbox = outbox_with((reply_to(person(n), n) for n in (1, 2, 3)), SenderPolicy())
    outbox.follow_clock(at(0), 100)
    ((first_at, _), *others) = drive(outbox, at(0.5))
    assert len(others) == 2
    set_ahead = first_at + timedelta(seconds=passed + step)
    steady = 100 + (first_at - at(0)).total_seconds() + passed
    outbox.follow_clock(set_ahead, steady)
    assert 1 - passed <= wait_of(outbox, reply_to(person(4), 4), set_ahead) <= 1.02 - passed


@pytest.mark.parametrize("step", STEPS)
def test_the_same_person_is_answered_within_the_span_that_a_contact_rests(step: float) -> None:
    assert wait_of(spent(SenderPolicy()), reply_to(person(1), 4), at(2 + step)) <= 7.01


@pytest.mark.parametrize("step", STEPS)
def test_who_waited_before_the_step_waits_no_longer_than_its_span(step: float) -> None:
    outbox = spent(SenderPolicy())
    outbox.add(reply_to(person(1), 4), at(2))
    assert outbox.claims(at(2)) == ()
    sent = drive(outbox, at(2 + step) + timedelta(days=2), now=at(2 + step))
    assert (sent[0][0] - at(2 + step)).total_seconds() <= 7.01


@pytest.mark.parametrize("step", STEPS)
def test_a_failed_attempt_is_made_again_within_its_backoff(step: float) -> None:
    outbox = Outbox(SenderPolicy())
    outbox.add(reply_to(person(1), 1, due=4, attempts=2), at(0))
    assert outbox.claims(at(0)) == ()
    sent = drive(outbox, at(step) + timedelta(days=2), now=at(step))
    assert (sent[0][0] - at(step)).total_seconds() <= 4.01


@pytest.mark.parametrize("step", STEPS)
def test_an_account_rests_no_longer_than_it_was_asked_to(step: float) -> None:
    rests = AccountRests()
    rests.rest("a", at(60), at(0))
    until = rests.until("a", at(10 + step)) or at(10 + step)
    assert (until - at(10 + step)).total_seconds() <= 60


@pytest.mark.parametrize("step", STEPS)
def test_a_resting_account_goes_on_by_itself_within_its_rest(step: float) -> None:
    outbox = Outbox(SenderPolicy())
    outbox.rest_account(RestingAccount(ANNA.account_id, at(60)), at(0))
    outbox.add(reply_to(), at(1))
    assert outbox.claims(at(1)) == ()
    sent = drive(outbox, at(step) + timedelta(days=2), now=at(1 + step))
    assert (sent[0][0] - at(1 + step)).total_seconds() <= 60.01


@pytest.mark.parametrize("step", STEPS)
def test_a_record_is_read_within_the_span_of_its_budget(step: float) -> None:
    reads = ReadBudget(1)
    reads.count("a", at(0), 1)
    assert reads.free_at("a", at(0.5 + step), 1) <= at(0.5 + step) + SECOND
    assert reads.take("a", at(0.5 + step) + 2 * SECOND)


@pytest.mark.parametrize("step", STEPS)
def test_a_doubt_is_read_about_within_its_span(step: float) -> None:
    policy = SenderPolicy()
    settling = Verification(policy)
    settling.add(reply_to(), at(0), at(0))
    stepped = at(1 + step)
    wake_at = settling.wake_at(stepped)
    assert wake_at is not None
    assert wake_at <= stepped + policy.settle
    assert len(settling.readings(stepped + policy.settle)) == 1


def test_starts_keep_their_distances_when_the_clock_is_set_back() -> None:
    window = SlidingWindow(2, SECOND)
    window.count(at(0))
    window.count(at(0.4))
    assert window.free_at(at(-100)) == at(-99.4)
    assert window.free_at(at(-100), ahead=1) == at(-99)


def test_a_start_that_was_counted_before_the_clock_was_set_back_is_counted_as_of_now() -> None:
    outbox = Outbox(SenderPolicy(per_second=1))
    outbox.add(reply_to(person(1), 1), at(0))
    (claim,) = outbox.claims(at(0))
    outbox.claimed(ReplyClaimed(claim.reply, at(0)))
    assert len(outbox.calls(at(0))) == 1
    stepped = at(-3600)
    outbox.started(1, stepped)
    outbox.ended(claim.reply, stepped)
    outbox.release(claim.reply, stepped)
    assert wait_of(outbox, reply_to(person(2), 2), stepped) <= 1.01
