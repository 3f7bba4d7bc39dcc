from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from moca.core.messages.delivery import RecentSend, ReplyClaimed
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.delivery import NotBegun
from moca.core.outbox.outbox import Outbox
from moca.core.policy import SenderPolicy
from moca.core.types import Author, Priority
from tests.core.outbox.outbox_driver import POLICY, drive, hung, ids, outbox_with, person
from tests.support.factory import ANNA, BEN, at, reply_to


def test_forty_five_people_are_answered_at_the_full_rate_and_never_over_it() -> None:
    sent = drive(outbox_with(reply_to(person(n), n) for n in range(1, 46)), at(60))

    assert len(sent) == 45
    last = sent[-1][0] - at(0)
    assert 42 / (3 * last.total_seconds()) >= 0.99
    assert not [
        instant
        for instant, _ in sent
        if sum(0 <= (o - instant).total_seconds() < 1 for o, _ in sent) > 3
    ]


def test_one_person_gets_one_reply_per_span_and_holds_up_nobody() -> None:
    first, second, other = reply_to(ANNA, 1), reply_to(ANNA, 2), reply_to(BEN, 3)
    sent = drive(outbox_with([first, second, other]), at(30))
    assert sent == [(at(0), first), (at(0), other), (at(7), second)]


def test_higher_priority_goes_first_and_first_come_first_within_one() -> None:
    policy = SenderPolicy(per_second=1)
    replies = [
        reply_to(person(1), 1, priority=Priority.LOW),
        reply_to(person(2), 2),
        reply_to(person(3), 3),
        reply_to(person(4), 4, priority=Priority.HIGH),
    ]
    assert ids(drive(outbox_with(replies, policy), at(30))) == [4, 2, 3, 1]


def test_a_scheduled_reply_waits_for_its_time_and_holds_up_nothing() -> None:
    later, now = reply_to(ANNA, 1, due=60, author=Author.OPERATOR), reply_to(ANNA, 2)
    sent = drive(outbox_with([later, now]), at(120))
    assert sent == [(at(0), now), (at(60), later)]


def test_the_bot_s_replies_keep_their_order_where_the_clock_was_set_back() -> None:
    before, after = reply_to(ANNA, 1, due=3), reply_to(ANNA, 2)
    assert drive(outbox_with([before, after]), at(60)) == [(at(0), before), (at(7), after)]


def test_a_resting_account_waits_and_the_others_go_on() -> None:
    outbox = Outbox(POLICY)
    outbox.rest_account(RestingAccount("resting", at(30)), at(0))
    outbox.add(reply_to(person(1, "resting"), 1), at(0))
    outbox.add(reply_to(person(2, "other"), 2), at(0))
    assert [(instant, reply.item_id) for instant, reply in drive(outbox, at(60))] == [
        (at(0), 2),
        (at(30), 1),
    ]


def test_an_account_has_a_limit_of_its_own() -> None:
    policy = SenderPolicy(per_second=100, account_per_second=1)
    replies = [reply_to(person(n, "a"), n) for n in (1, 2)] + [reply_to(person(3, "b"), 3)]
    assert ids(drive(outbox_with(replies, policy), at(0.9))) == [1, 3]


def test_what_an_earlier_run_sent_still_counts() -> None:
    outbox = Outbox(POLICY)
    outbox.count_recent([RecentSend(ANNA, at(-1))], at(0))
    outbox.add(reply_to(ANNA, 1), at(0))
    (sent,) = drive(outbox, at(30))
    assert at(7) <= sent[0] <= at(7.2)


def test_the_rate_of_an_earlier_run_still_counts() -> None:
    outbox = Outbox(POLICY)
    outbox.count_recent([RecentSend(person(n), at(-0.1)) for n in (1, 2, 3)], at(0))
    outbox.add(reply_to(person(4), 4), at(0))
    (sent,) = drive(outbox, at(30))
    assert at(0.9) <= sent[0] <= at(1.1)


def test_a_call_of_an_earlier_run_may_have_begun_long_after_its_claim() -> None:
    outbox = Outbox(SenderPolicy(per_second=1))
    outbox.count_recent([RecentSend(person(1), at(-3))], at(0))
    outbox.add(reply_to(person(2), 2), at(0))
    (sent,) = drive(outbox, at(30))
    assert at(0.9) <= sent[0] <= at(1.1)


def test_what_an_earlier_run_saw_end_counts_from_then() -> None:
    outbox = Outbox(POLICY)
    outbox.count_recent([RecentSend(ANNA, at(-5), ended_at=at(-3))], at(0))
    outbox.add(reply_to(ANNA, 1), at(0))
    (sent,) = drive(outbox, at(30))
    assert at(4) <= sent[0] <= at(4.2)


def test_a_contact_rests_no_longer_because_the_end_of_a_call_came_to_light_late() -> None:
    outbox = Outbox(POLICY)
    outbox.count_recent([RecentSend(ANNA, at(-45), ended_at=at(-1))], at(0))
    outbox.add(reply_to(ANNA, 1), at(0))
    (sent,) = drive(outbox, at(30))
    assert sent[0] <= at(0.2)


def test_a_claim_without_an_answer_is_asked_again_as_the_same_claim() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    asked = outbox.claims(at(0))
    assert outbox.claims_unanswered(at(10)) == ()
    assert outbox.claims_unanswered(at(11)) == asked


def test_a_claim_that_was_long_in_being_written_is_given_back() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    (claim,) = outbox.claims(at(0))
    outbox.claimed(ReplyClaimed(claim.reply, claim.at))
    assert outbox.outlived(at(10)) == ()
    assert outbox.outlived(at(11)) == (claim.reply,)
    assert outbox.calls(at(11)) == ()


def test_a_claim_answered_again_is_not_taken_for_a_later_one() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    (earlier,) = outbox.claims(at(0))
    outbox.claimed(ReplyClaimed(earlier.reply, earlier.at))
    (reply,) = outbox.outlived(at(11))
    outbox.release(reply, at(11))
    outbox.put_back(reply, at(11))
    (later,) = outbox.claims(at(11))

    outbox.claimed(ReplyClaimed(earlier.reply, earlier.at))
    assert outbox.calls(at(11)) == ()
    outbox.claimed(ReplyClaimed(later.reply, later.at))
    assert [call.reply for call in outbox.calls(at(11))] == [reply]


def test_no_more_calls_are_made_than_there_are_couriers() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(BEN, 2)], SenderPolicy(couriers=1))
    (first,) = hung(outbox, at(0))
    assert hung(outbox, at(5)) == []
    assert outbox.wake_at(at(5)) is None

    outbox.ended(first, at(9))
    assert hung(outbox, at(9)) == [reply_to(BEN, 2)]


def test_nobody_wakes_for_a_reply_while_every_courier_is_busy() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(BEN, 2)], SenderPolicy(couriers=1))
    outbox.rest(BEN, at(0), at(0))
    (first,) = hung(outbox, at(0))
    assert outbox.wake_at(at(5)) == at(7)
    assert outbox.wake_at(at(7)) is None

    outbox.ended(first, at(9))
    assert hung(outbox, at(9)) == [reply_to(BEN, 2)]


def test_what_waits_for_a_courier_is_not_claimed_so_that_what_is_urgent_overtakes_it() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(BEN, 2)], SenderPolicy(couriers=1))
    (first,) = hung(outbox, at(0))
    urgent = reply_to(person(3), 3, priority=Priority.HIGH)
    outbox.add(urgent, at(5))
    outbox.ended(first, at(9))
    assert hung(outbox, at(9)) == [urgent]


def test_what_waits_for_a_courier_does_not_go_once_its_account_rests() -> None:
    outbox = outbox_with([reply_to(ANNA, 1), reply_to(BEN, 2)], SenderPolicy(couriers=1))
    (first,) = hung(outbox, at(0))
    outbox.rest_account(RestingAccount(ANNA.account_id, at(60)), at(0))
    outbox.ended(first, at(9))
    assert hung(outbox, at(9)) == []
    assert hung(outbox, at(60)) == [reply_to(BEN, 2)]


def test_a_reply_that_had_its_turn_is_put_back_even_where_there_is_no_room() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)], SenderPolicy(capacity=1))
    assert not outbox.add(reply_to(ANNA, 3), at(0))
    outbox.put_back(reply_to(ANNA, 2), at(0))
    assert ids(drive(outbox, at(60))) == [1, 2]


def test_past_its_capacity_the_database_keeps_the_rest() -> None:
    policy = SenderPolicy(capacity=2)
    outbox = outbox_with([reply_to(person(n), n) for n in (1, 2, 3)], policy)
    assert (len(outbox), outbox.room) == (2, 0)


def test_on_an_orderly_stop_what_was_claimed_is_given_back() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    (claim,) = outbox.claims(at(0))
    outbox.claimed(ReplyClaimed(claim.reply, claim.at))
    assert outbox.unclaim() == (claim.reply,)
    assert outbox.calls(at(0)) == ()


QUEUES = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from(Priority), st.integers(0, 20)), max_size=25
)


@settings(max_examples=200)
@given(queue=QUEUES, per_second=st.integers(1, 4), call_ms=st.integers(0, 9000))
def test_whatever_waits_the_limits_hold_and_everything_goes(
    queue: list[tuple[int, Priority, int]], per_second: int, call_ms: int
) -> None:
    replies = [
        reply_to(person(who), n, priority=priority, due=due, author=Author.OPERATOR)
        for n, (who, priority, due) in enumerate(queue, 1)
    ]
    policy = SenderPolicy(per_second=per_second)
    call = timedelta(milliseconds=call_ms)
    sent = drive(outbox_with(replies, policy), at(3600), call=call)

    assert sorted(ids(sent)) == sorted(reply.item_id for reply in replies)
    for place, (start, reply) in enumerate(sent):
        assert start >= reply.scheduled_for
        later = sent[place + 1 :]
        assert sum((other - start) < timedelta(seconds=1) for other, _ in later) < per_second
        assert all(
            other - start >= policy.user_cooldown
            for other, o in later
            if o.contact == reply.contact
        )
    by_person: dict[tuple[object, ...], list[int]] = {}
    for _, reply in sent:
        by_person.setdefault((reply.contact, reply.priority, reply.scheduled_for), []).append(
            reply.item_id
        )
    assert all(order == sorted(order) for order in by_person.values())


def test_a_call_that_was_handed_over_does_not_begin_while_its_account_rests() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    (claim,) = outbox.claims(at(0))
    outbox.claimed(ReplyClaimed(claim.reply, claim.at))
    (call,) = outbox.calls(at(0))
    assert call.obstacle(at(0)) is None

    outbox.rest_account(RestingAccount(ANNA.account_id, at(60)), at(1))
    limited = NotBegun("the account was rate limited before its turn", at(60))
    assert call.obstacle(at(2)) == limited
    assert call.obstacle(at(60)) is None


def test_a_clock_set_back_holds_such_a_call_back_for_no_longer_than_the_rest() -> None:
    outbox = outbox_with([reply_to(ANNA, 1)])
    (claim,) = outbox.claims(at(0))
    outbox.claimed(ReplyClaimed(claim.reply, claim.at))
    (call,) = outbox.calls(at(0))
    outbox.rest_account(RestingAccount(ANNA.account_id, at(60)), at(0))
    limited = NotBegun("the account was rate limited before its turn", at(-3540))
    assert call.obstacle(at(-3600)) == limited
