"""While an account rests or is stopped, nothing at all is sent for it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from moca.core.outbox.delivery import AccountStopped, Throttled
from moca.core.types import ContactKey
from tests.support.factory import BEN
from tests.support.system import SteppedSystem

ELSEWHERE = ContactKey("17841400000000002", "28978671838402975")
RESULTS = [Throttled("613", timedelta(minutes=5)), AccountStopped("190", is_token_dead=True)]


@pytest.mark.parametrize("result", RESULTS)
def test_nobody_sees_that_a_reply_is_being_made(
    open_system: Callable[..., SteppedSystem], result: AccountStopped | Throttled
) -> None:
    system = open_system(shows_typing=True)
    system.instagram.next_results.append(result)
    system.receive("hello")
    system.advance(6)
    shown = len(system.instagram.shown)

    system.receive("Are you there?", BEN)
    system.receive("Anybody?", ELSEWHERE)
    system.advance(20)
    assert {contact for _, contact, _ in system.instagram.shown[shown:]} == {ELSEWHERE}


def test_once_the_rest_is_over_it_is_shown_again(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(shows_typing=True)
    system.instagram.next_results.append(Throttled("613", timedelta(minutes=5)))
    system.receive("hello")
    system.advance(310)
    shown = len(system.instagram.shown)

    system.receive("Are you there?", BEN)
    system.advance(20)
    assert {contact for _, contact, _ in system.instagram.shown[shown:]} == {BEN}
