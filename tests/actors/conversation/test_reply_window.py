from collections.abc import Callable
from datetime import timedelta

import pytest

from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from tests.actors.scenarios import MOCK, Answers, said
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem


@pytest.mark.parametrize("is_loaded", [False, True])
def test_nothing_is_shown_and_nothing_made_for_a_message_of_thirty_hours_ago(
    open_system: Callable[..., SteppedSystem], is_loaded: bool
) -> None:
    answers = Answers(Content(text=MOCK))
    system = open_system(shows_typing=True, generator=answers)
    old = clock.now() - timedelta(hours=30)
    system.receive_events(InboundMessage(contact=ANNA, mid="old", text="hello", sent_at=old))
    if is_loaded:
        system.crash()
        system.start()
    system.advance(60)

    assert (said(system), system.instagram.shown, answers.asked) == ([], [], [])
    assert system.outcome("old") == (
        "suppressed",
        "the 24-hour reply window closed before it could be answered",
    )


def test_it_is_answered_where_a_later_message_keeps_the_window_open(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system()
    system.receive("hi")
    system.advance(20)
    old = clock.now() - timedelta(hours=30)
    system.receive_events(InboundMessage(contact=ANNA, mid="old", text="hello", sent_at=old))
    system.advance(60)
    assert said(system) == [MOCK, MOCK]
