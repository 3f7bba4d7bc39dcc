"""While an account rests or is stopped, nothing at all is sent in its name."""

from datetime import timedelta

import pytest

from moca.core.outbox.delivery import AccountStopped, Throttled
from moca.core.types import ContactKey
from tests.support.factory import BEN

ELSEWHERE = ContactKey("17841400000000002", "28978671838402975")
RESULTS = [Throttled("613", timedelta(minutes=5)), AccountStopped("190", is_token_dead=True)]


@pytest.mark.parametrize("result", RESULTS)
def test_nobody_sees_that_a_reply_is_being_made(open_house, result) -> None:
    house = open_house(shows_typing=True)
    house.instagram.next_results.append(result)
    house.hears("hello")
    house.passes(6)
    shown = len(house.instagram.shown)

    house.hears("Are you there?", BEN)
    house.hears("Anybody?", ELSEWHERE)
    house.passes(20)
    assert {contact for _, contact, _ in house.instagram.shown[shown:]} == {ELSEWHERE}


def test_once_the_rest_is_over_it_is_shown_again(open_house) -> None:
    house = open_house(shows_typing=True)
    house.instagram.next_results.append(Throttled("613", timedelta(minutes=5)))
    house.hears("hello")
    house.passes(310)
    shown = len(house.instagram.shown)

    house.hears("Are you there?", BEN)
    house.passes(20)
    assert {contact for _, contact, _ in house.instagram.shown[shown:]} == {BEN}
