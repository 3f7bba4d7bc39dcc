"""What one account or kind of reply may not send now holds up nothing of another."""

from datetime import datetime, timedelta

import pytest

from moca import clock
from moca.core.inbound.events import InboundMessage
from moca.core.outbox.delivery import AccountStopped, DeliveryResult, Throttled
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from tests.support.factory import at

OURS, OTHER = "17841400000000001", "17841400000000002"
AT_ONCE = ConversationPolicy(debounce=timedelta(0))
WITHIN = timedelta(seconds=1.05)


def person(number: int, account: str = OURS) -> ContactKey:
    return ContactKey(account, f"2897867183{number:07}")


def many_write(house, count: int, account: str = OURS, **more: str) -> None:
    house.receives(
        *(
            InboundMessage(
                contact=person(n, account), mid=f"m{account}{n}", text="Hi", sent_at=at(0), **more
            )
            for n in range(count)
        )
    )


def answered_at(house, contact: ContactKey) -> datetime:
    return next(call.at for call in house.instagram.reached if call.contact == contact)


def is_answered_at_once(house, contact: ContactKey) -> bool:
    wrote_at = clock.now()
    house.hears("hello", contact)
    house.passes(30)
    return answered_at(house, contact) - wrote_at <= WITHIN


@pytest.mark.parametrize("capacity", [1, 4, 4_000])
def test_a_message_passes_a_storm_of_comments(open_house, capacity) -> None:
    house = open_house(
        conversation=AT_ONCE,
        sender=SenderPolicy(capacity=capacity, account_private_replies_per_hour=5),
    )
    many_write(house, 40, kind="comment")
    house.passes(60)
    assert len(house.instagram.reached) == 5
    assert is_answered_at_once(house, person(100))
    assert is_answered_at_once(house, person(101, OTHER))

    house.passes(8 * 3600)
    assert len(house.instagram.reached) == 42


@pytest.mark.parametrize("capacity", [1, 4, 4_000])
def test_a_message_passes_a_storm_that_is_still_being_answered(open_house, capacity) -> None:
    house = open_house(conversation=AT_ONCE, sender=SenderPolicy(capacity=capacity))
    many_write(house, 40, kind="comment")
    house.passes(2)
    wrote_at = clock.now()
    house.hears("hello", person(100, OTHER))
    house.passes(30)
    # All in one go: the newcomer's turn comes after those who came before, and no later.
    assert answered_at(house, person(100, OTHER)) - wrote_at <= timedelta(seconds=13)
    assert len(house.instagram.reached) == 41


def refuse(house, account: str, result: DeliveryResult, until: datetime) -> None:
    """Let Instagram answer an account so until then."""
    send = house.instagram.send

    def refusing(contact: ContactKey, *rest: object) -> DeliveryResult:
        is_refused = contact.account_id == account and clock.now() < until
        return result if is_refused else send(contact, *rest)

    house.instagram.send = refusing


BLOCKED = [Throttled("613", timedelta(hours=1)), AccountStopped("190")]


@pytest.mark.parametrize("capacity", [1, 4, 4_000])
@pytest.mark.parametrize("result", BLOCKED)
def test_another_account_passes_one_that_may_not_send(open_house, capacity, result) -> None:
    house = open_house(conversation=AT_ONCE, sender=SenderPolicy(capacity=capacity))
    refuse(house, OURS, result, at(3600))
    many_write(house, 40)
    for number in range(100, 104):
        house.passes(50)
        assert is_answered_at_once(house, person(number, OTHER))
    assert len(house.instagram.reached) == 4

    house.passes(2 * 3600)
    order = [call.contact for call in house.instagram.reached[4:]]
    assert order == [person(n) for n in range(40)]


def test_what_is_left_on_disk_is_not_overtaken_in_its_channel(open_house) -> None:
    house = open_house(conversation=AT_ONCE, sender=SenderPolicy(capacity=2))
    many_write(house, 20)
    house.passes(0.5)
    house.hears("hello", person(100))
    house.passes(30)
    order = [call.contact for call in house.instagram.reached]
    assert order == [person(n) for n in (*range(20), 100)]
