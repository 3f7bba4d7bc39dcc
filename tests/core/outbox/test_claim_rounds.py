"""Turns that come soon after one another are claimed together, so that one commit serves them."""

from moca.core.messages.delivery import ReplyClaimed
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.outbox import Outbox
from moca.core.policy import SenderPolicy
from moca.core.types import Priority
from tests.core.outbox.outbox_driver import drive, ids, outbox_with, person
from tests.support.factory import at, reply_to

TEN_A_SECOND = SenderPolicy(per_second=10)
ONE_A_SECOND_EACH = SenderPolicy(per_second=100, account_per_second=1)


def claimed(outbox: Outbox, seconds: float) -> list[int]:
    """Claim at this time, and return what was claimed, in its order."""
    claims = outbox.claims(at(seconds))
    for claim in claims:
        outbox.claimed(ReplyClaimed(claim.reply, claim.at))
    return [claim.reply.item_id for claim in claims]


def after_the_first_ten() -> Outbox:
    """Return an outbox that sent ten replies within 30 ms and has fifteen more."""
    outbox = outbox_with((reply_to(person(n), n) for n in range(1, 26)), TEN_A_SECOND)
    assert ids(drive(outbox, at(0.1))) == [*range(1, 11)]
    return outbox


def test_turns_in_quick_succession_are_claimed_in_one_round() -> None:
    outbox = after_the_first_ten()
    assert outbox.wake_at(at(0.1)) == at(0.904)
    assert claimed(outbox, 0.904) == [*range(11, 21)]


def test_no_round_begins_before_a_turn_is_a_hundred_milliseconds_away() -> None:
    assert claimed(after_the_first_ten(), 0.903) == []


def test_a_turn_that_comes_later_than_the_round_is_left_to_the_next() -> None:
    outbox = Outbox(ONE_A_SECOND_EACH)
    for number, sent_at in ((1, 0), (2, 0.04), (3, 0.06)):
        outbox.add(reply_to(person(number, f"a{number}"), number), at(sent_at))
        outbox.add(reply_to(person(number + 3, f"a{number}"), number + 3), at(sent_at))
        assert ids(drive(outbox, at(sent_at), now=at(sent_at))) == [number]

    assert outbox.wake_at(at(0.1)) == at(0.904)
    assert claimed(outbox, 0.904) == [4, 5]
    assert claimed(outbox, 0.963) == []
    assert claimed(outbox, 0.964) == [6]


def test_what_is_urgent_goes_first_in_its_round_and_behind_what_is_claimed_already() -> None:
    outbox = after_the_first_ten()
    outbox.add(reply_to(person(30), 30, priority=Priority.HIGH), at(0.5))
    assert claimed(outbox, 0.904) == [30, *range(11, 20)]

    outbox.add(reply_to(person(31), 31, priority=Priority.HIGH), at(0.905))
    assert ids(drive(outbox, at(2.1), now=at(0.905))) == [30, *range(11, 20), 31, *range(20, 26)]


def test_a_reply_claimed_for_the_end_of_its_account_s_rest_is_not_given_back() -> None:
    outbox = Outbox(SenderPolicy())
    outbox.rest_account(RestingAccount("resting", at(30)), at(0))
    outbox.add(reply_to(person(1, "resting"), 1), at(0))
    outbox.add(reply_to(person(2, "other"), 2), at(29.86))

    assert claimed(outbox, 29.86) == [1, 2]
    assert outbox.overtaken(at(29.86)) == ()
    assert [call.reply.item_id for call in outbox.calls(at(29.86))] == [2]
    assert [call.reply.item_id for call in outbox.calls(at(30))] == [1]
