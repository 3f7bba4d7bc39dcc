"""Messages that arrive outside business hours wait for the opening."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, time, timedelta

import pytest

from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours, OpeningSpan
from moca.core.policy import ConversationPolicy
from moca.core.types import ContactKey
from tests.support.factory import BEN
from tests.support.system import SteppedSystem

# The tests begin at noon on Sunday, 22 November 2026.
MOCK = "This would be an AI generated message"
AFTERNOON = BusinessHours(zone=UTC, weekdays={6: (OpeningSpan(time(14), time(18)),)})
POLICY = ConversationPolicy(hours=AFTERNOON, answer_when_open=True)
UNTIL_TWO = "outside business hours until Sun 22 Nov 14:00 UTC"


@pytest.fixture
def closed(open_system: Callable[..., SteppedSystem]) -> SteppedSystem:
    return open_system(conversation=POLICY)


def said(system: SteppedSystem) -> list[tuple[str, str]]:
    return [(f"{call.at:%H:%M:%S}", call.text) for call in system.instagram.reached]


def waits(system: SteppedSystem, mid: str) -> list[str]:
    return [
        s.detail for s in system.journey(mid).steps if (s.stage, s.outcome) == ("hours", "waiting")
    ]


def opens(system: SteppedSystem, hours: float = 2) -> None:
    """Advance to the opening at once, then by a minute."""
    system.frozen.tick(timedelta(hours=hours) - timedelta(seconds=60))
    system.advance(120)


def test_what_comes_outside_the_hours_is_answered_when_it_opens(closed: SteppedSystem) -> None:
    first = closed.receive("are you there?")
    closed.advance(30)
    second = closed.receive("hello?")
    closed.advance(30)
    assert (said(closed), closed.outcome(first)) == ([], (None, ""))
    assert [waits(closed, mid) for mid in (first, second)] == [[UNTIL_TWO]] * 2

    opens(closed)
    assert said(closed) == [("14:00:00", MOCK), ("14:00:07", MOCK)]
    assert [closed.outcome(mid)[0] for mid in (first, second)] == ["answered"] * 2


def test_at_the_opening_replies_are_spread_by_the_usual_pacing(closed: SteppedSystem) -> None:
    people = [replace_psid(number) for number in range(9)]
    for person in people:
        closed.receive("hi", contact=person)
    closed.advance(30)
    opens(closed)
    seconds = sorted((c.at.minute * 60 + c.at.second) for c in closed.instagram.reached)
    assert len(seconds) == 9
    assert all(later - earlier >= 1 for earlier, later in zip(seconds, seconds[3:], strict=False))


def replace_psid(number: int) -> ContactKey:
    return BEN._replace(psid=f"person-{number}")


def test_waiting_for_the_opening_survives_a_crash_before_and_after_it(
    closed: SteppedSystem,
) -> None:
    mid = closed.receive("hi")
    closed.advance(30)
    closed.crash()
    closed.start()
    closed.advance(30)
    assert said(closed) == []

    closed.crash()
    closed.frozen.tick(timedelta(hours=2))
    closed.start()
    closed.advance(10)
    assert [text for _, text in said(closed)] == [MOCK]
    assert closed.outcome(mid)[0] == "answered"


def test_the_away_text_goes_once_while_the_rest_waits(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=replace(POLICY, away_text="Back at two."))
    system.receive("hi")
    system.advance(60)
    system.receive("hello?")
    system.advance(60)
    assert said(system) == [("12:00:05", "Back at two.")]
    opens(system)
    assert [text for _, text in said(system)] == ["Back at two.", MOCK, MOCK]


def test_a_window_that_shuts_before_the_opening_ends_what_waits(
    open_system: Callable[..., SteppedSystem],
) -> None:
    mornings = BusinessHours(zone=UTC, weekdays={1: (OpeningSpan(time(9), time(10)),)})
    system = open_system(conversation=replace(POLICY, hours=mornings))
    mid = system.receive("hi")
    system.advance(10)
    opening = "outside business hours until Tue 24 Nov 09:00 UTC"
    shutting = "the reply window closes earlier, Mon 23 Nov 12:00 UTC"
    assert waits(system, mid) == [f"{opening}; {shutting}"]
    opens(system, hours=24)
    assert system.outcome(mid) == (
        "suppressed",
        "the 24-hour reply window closed before it could be answered",
    )


def test_who_writes_again_keeps_the_window_open(open_system: Callable[..., SteppedSystem]) -> None:
    tomorrow = BusinessHours(zone=UTC, weekdays={0: (OpeningSpan(time(13), time(18)),)})
    system = open_system(conversation=replace(POLICY, hours=tomorrow))
    system.receive("hi")
    system.advance(10)
    opens(system, hours=10)
    system.receive("hello?")
    system.advance(10)
    opens(system, hours=15)
    assert [text for _, text in said(system)] == [MOCK, MOCK]


def test_a_hold_ends_what_waits_for_the_opening(closed: SteppedSystem) -> None:
    mid = closed.receive("hi")
    closed.advance(10)
    closed.receive_echo("I am here anyway.", "by-hand")
    opens(closed)
    assert said(closed) == []
    assert closed.outcome(mid) == ("suppressed", "a teammate replied in the Instagram app")


def test_a_word_for_a_person_does_not_wait_for_the_opening(
    open_system: Callable[..., SteppedSystem],
) -> None:
    policy = replace(POLICY, escalation=Words.of(["human"]), hand_over_text="You will get one.")
    system = open_system(conversation=policy)
    waiting = system.receive("hi")
    system.advance(10)
    system.receive("a human, please")
    system.advance(10)
    assert [text for _, text in said(system)] == ["You will get one."]
    because = "handed over to the team: the contact asked for a person"
    assert system.outcome(waiting) == ("suppressed", because)
