"""What one account or kind of reply may not send now delays no other."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.outbox.delivery import AccountStopped, DeliveryResult, Throttled
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from tests.support.factory import at
from tests.support.system import SteppedSystem

OURS, OTHER = "17841400000000001", "17841400000000002"
AT_ONCE = ConversationPolicy(debounce=timedelta(0))
WITHIN = timedelta(seconds=1.05)


def person(number: int, account: str = OURS) -> ContactKey:
    return ContactKey(account, f"2897867183{number:07}")


def many_write(system: SteppedSystem, count: int, account: str = OURS, **more: Any) -> None:
    system.receive_events(
        *(
            InboundMessage(
                contact=person(n, account), mid=f"m{account}{n}", text="Hi", sent_at=at(0), **more
            )
            for n in range(count)
        )
    )


def answered_at(system: SteppedSystem, contact: ContactKey) -> datetime:
    return next(call.at for call in system.instagram.reached if call.contact == contact)


def is_answered_at_once(system: SteppedSystem, contact: ContactKey) -> bool:
    wrote_at = clock.now()
    system.receive("hello", contact)
    system.advance(30)
    return answered_at(system, contact) - wrote_at <= WITHIN


@pytest.mark.parametrize("capacity", [1, 4, 4_000])
def test_a_message_passes_a_storm_of_comments(
    open_system: Callable[..., SteppedSystem], capacity: int
) -> None:
    system = open_system(
        conversation=AT_ONCE,
        sender=SenderPolicy(capacity=capacity, account_private_replies_per_hour=5),
    )
    many_write(system, 40, kind="comment")
    system.advance(60)
    assert len(system.instagram.reached) == 5
    assert is_answered_at_once(system, person(100))
    assert is_answered_at_once(system, person(101, OTHER))

    system.advance(8 * 3600)
    assert len(system.instagram.reached) == 42


@pytest.mark.parametrize("capacity", [1, 4, 4_000])
def test_a_message_passes_a_storm_that_is_still_being_answered(
    open_system: Callable[..., SteppedSystem], capacity: int
) -> None:
    system = open_system(conversation=AT_ONCE, sender=SenderPolicy(capacity=capacity))
    many_write(system, 40, kind="comment")
    system.advance(2)
    wrote_at = clock.now()
    system.receive("hello", person(100, OTHER))
    system.advance(30)
    # All in one go: the new account's turn comes after those that came before, and no later.
    assert answered_at(system, person(100, OTHER)) - wrote_at <= timedelta(seconds=13)
    assert len(system.instagram.reached) == 41


def refuse(system: SteppedSystem, account: str, result: DeliveryResult, until: datetime) -> None:
    """Make Instagram answer an account with this result until an instant."""
    send = system.instagram.send

    def refusing(
        contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        is_refused = contact.account_id == account and clock.now() < until
        return result if is_refused else send(contact, content, way)

    instagram: Any = system.instagram
    instagram.send = refusing


BLOCKED = [Throttled("613", timedelta(hours=1)), AccountStopped("190")]


@pytest.mark.parametrize("capacity", [1, 4, 4_000])
@pytest.mark.parametrize("result", BLOCKED)
def test_another_account_passes_one_that_may_not_send(
    open_system: Callable[..., SteppedSystem], capacity: int, result: AccountStopped | Throttled
) -> None:
    system = open_system(conversation=AT_ONCE, sender=SenderPolicy(capacity=capacity))
    refuse(system, OURS, result, at(3600))
    many_write(system, 40)
    for number in range(100, 104):
        system.advance(50)
        assert is_answered_at_once(system, person(number, OTHER))
    assert len(system.instagram.reached) == 4

    system.advance(2 * 3600)
    order = [call.contact for call in system.instagram.reached[4:]]
    assert order == [person(n) for n in range(40)]


def test_what_is_left_on_disk_is_not_overtaken_in_its_channel(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=AT_ONCE, sender=SenderPolicy(capacity=2))
    many_write(system, 20)
    system.advance(0.5)
    system.receive("hello", person(100))
    system.advance(30)
    order = [call.contact for call in system.instagram.reached]
    assert order == [person(n) for n in (*range(20), 100)]
