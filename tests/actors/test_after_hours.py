"""What comes outside the business hours, and waits for the opening."""

from dataclasses import replace
from datetime import UTC, time, timedelta

import pytest

from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours, Span
from moca.core.policy import ConversationPolicy
from tests.support.factory import BEN

# The tests begin at noon on Sunday, 22 November 2026.
MOCK = "This would be an AI generated message"
AFTERNOON = BusinessHours(zone=UTC, weekdays={6: (Span(time(14), time(18)),)})
POLICY = ConversationPolicy(hours=AFTERNOON, answer_when_open=True)
UNTIL_TWO = "outside business hours, until Sun 22 Nov 14:00 UTC"


@pytest.fixture
def closed(open_house):
    return open_house(conversation=POLICY)


def said(house) -> list[tuple[str, str]]:
    return [(f"{call.at:%H:%M:%S}", call.text) for call in house.instagram.reached]


def waits(house, mid: str) -> list[str]:
    return [
        s.detail for s in house.journey(mid).steps if (s.stage, s.outcome) == ("hours", "waiting")
    ]


def opens(house, hours: float = 2) -> None:
    """Come to the opening in one leap, and let a minute pass."""
    house.frozen.tick(timedelta(hours=hours) - timedelta(seconds=60))
    house.passes(120)


def test_what_comes_outside_the_hours_is_answered_when_it_opens(closed) -> None:
    first = closed.hears("are you there?")
    closed.passes(30)
    second = closed.hears("hello?")
    closed.passes(30)
    assert (said(closed), closed.outcome(first)) == ([], (None, ""))
    assert [waits(closed, mid) for mid in (first, second)] == [[UNTIL_TWO]] * 2

    opens(closed)
    assert said(closed) == [("14:00:00", MOCK), ("14:00:07", MOCK)]
    assert [closed.outcome(mid)[0] for mid in (first, second)] == ["answered"] * 2


def test_at_the_opening_replies_are_spread_by_the_usual_pacing(closed) -> None:
    people = [replace_psid(number) for number in range(9)]
    for person in people:
        closed.hears("hi", contact=person)
    closed.passes(30)
    opens(closed)
    seconds = sorted((c.at.minute * 60 + c.at.second) for c in closed.instagram.reached)
    assert len(seconds) == 9
    assert all(later - earlier >= 1 for earlier, later in zip(seconds, seconds[3:], strict=False))


def replace_psid(number: int):
    return BEN._replace(psid=f"person-{number}")


def test_waiting_for_the_opening_survives_a_crash_before_and_after_it(closed) -> None:
    mid = closed.hears("hi")
    closed.passes(30)
    closed.crash()
    closed.start()
    closed.passes(30)
    assert said(closed) == []

    closed.crash()
    closed.frozen.tick(timedelta(hours=2))
    closed.start()
    closed.passes(10)
    assert [text for _, text in said(closed)] == [MOCK]
    assert closed.outcome(mid)[0] == "answered"


def test_the_away_text_goes_once_while_the_rest_waits(open_house) -> None:
    house = open_house(conversation=replace(POLICY, away_text="Back at two."))
    house.hears("hi")
    house.passes(60)
    house.hears("hello?")
    house.passes(60)
    assert said(house) == [("12:00:05", "Back at two.")]
    opens(house)
    assert [text for _, text in said(house)] == ["Back at two.", MOCK, MOCK]


def test_a_window_that_shuts_before_the_opening_ends_what_waits(open_house) -> None:
    mornings = BusinessHours(zone=UTC, weekdays={1: (Span(time(9), time(10)),)})
    house = open_house(conversation=replace(POLICY, hours=mornings))
    mid = house.hears("hi")
    house.passes(10)
    opening = "outside business hours, until Tue 24 Nov 09:00 UTC"
    shutting = "the window for a reply shuts earlier, Mon 23 Nov 12:00 UTC"
    assert waits(house, mid) == [f"{opening}; {shutting}"]
    opens(house, hours=24)
    assert house.outcome(mid) == (
        "suppressed",
        "the 24 h window shut before it could be answered",
    )


def test_who_writes_again_keeps_the_window_open(open_house) -> None:
    tomorrow = BusinessHours(zone=UTC, weekdays={0: (Span(time(13), time(18)),)})
    house = open_house(conversation=replace(POLICY, hours=tomorrow))
    house.hears("hi")
    house.passes(10)
    opens(house, hours=10)
    house.hears("hello?")
    house.passes(10)
    opens(house, hours=15)
    assert [text for _, text in said(house)] == [MOCK, MOCK]


def test_a_hold_ends_what_waits_for_the_opening(closed) -> None:
    mid = closed.hears("hi")
    closed.passes(10)
    closed.hears_echo("I am here anyway.", "by-hand")
    opens(closed)
    assert said(closed) == []
    assert closed.outcome(mid) == ("suppressed", "a person answered in the Instagram app")


def test_a_word_for_a_person_does_not_wait_for_the_opening(open_house) -> None:
    policy = replace(POLICY, escalation=Words.of(["human"]), hand_over_text="You will get one.")
    house = open_house(conversation=policy)
    waiting = house.hears("hi")
    house.passes(10)
    house.hears("a human, please")
    house.passes(10)
    assert [text for _, text in said(house)] == ["You will get one."]
    because = "handed over to a person: the contact asked for a person"
    assert house.outcome(waiting) == ("suppressed", because)
