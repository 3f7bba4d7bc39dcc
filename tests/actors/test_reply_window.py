from datetime import timedelta

import pytest

from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from tests.actors.scenarios import MOCK, Answers, said
from tests.support.factory import ANNA


@pytest.mark.parametrize("is_loaded", [False, True])
def test_nothing_is_shown_and_nothing_made_for_a_message_of_thirty_hours_ago(open_house, is_loaded):
    answers = Answers(Content(text=MOCK))
    house = open_house(shows_typing=True, generator=answers)
    old = clock.now() - timedelta(hours=30)
    house.receives(InboundMessage(contact=ANNA, mid="old", text="hello", sent_at=old))
    if is_loaded:
        house.crash()
        house.start()
    house.passes(60)

    assert (said(house), house.instagram.shown, answers.asked) == ([], [], [])
    assert house.outcome("old") == (
        "suppressed",
        "the 24 h window shut before it could be answered",
    )


def test_it_is_answered_where_a_later_message_keeps_the_window_open(open_house):
    house = open_house()
    house.hears("hi")
    house.passes(20)
    old = clock.now() - timedelta(hours=30)
    house.receives(InboundMessage(contact=ANNA, mid="old", text="hello", sent_at=old))
    house.passes(60)
    assert said(house) == [MOCK, MOCK]
