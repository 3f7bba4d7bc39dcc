from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from moca.core.content.content import Content
from moca.core.conversation.business_hours import BusinessHours, OpeningSpan
from moca.core.conversation.decide import TimerFired, decide
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import ConcludeMessages, QueueReply
from moca.core.outbox.call_results import backoff
from moca.core.policy import ConversationPolicy
from moca.core.types import Outcome
from tests.support.factory import ANNA, said

BERLIN = ZoneInfo("Europe/Berlin")
LUNCH_BREAK = (OpeningSpan(time(9), time(12)), OpeningSpan(time(13), time(17)))
SHOP = BusinessHours(
    zone=BERLIN,
    weekdays={0: LUNCH_BREAK, 4: (OpeningSpan(time(18), time(0)),)},
    holidays=frozenset({date(2026, 11, 30)}),
)
MONDAY = date(2026, 11, 23)


def berlin(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        (berlin(MONDAY, 8, 59), False),
        (berlin(MONDAY, 9), True),
        (berlin(MONDAY, 11, 59), True),
        (berlin(MONDAY, 12), False),
        (berlin(MONDAY, 13), True),
        (berlin(MONDAY, 17), False),
        (berlin(date(2026, 11, 24), 10), False),
        (berlin(date(2026, 11, 27), 23, 59), True),
        (berlin(date(2026, 11, 28), 0), False),
        (berlin(date(2026, 11, 30), 10), False),
    ],
    ids=str,
)
def test_hours_are_the_shop_s_own(instant: datetime, is_open: bool) -> None:
    assert SHOP.open_at(instant) is is_open


def test_a_closing_begins_when_the_last_span_ended_and_ends_when_the_next_opens() -> None:
    at_lunch = berlin(MONDAY, 12, 30)
    assert SHOP.closed_since(at_lunch) == berlin(MONDAY, 12)
    assert SHOP.opens_next(at_lunch) == berlin(MONDAY, 13)


def test_a_shop_that_never_opens_says_so() -> None:
    never = BusinessHours(zone=BERLIN, weekdays={})
    assert (never.closed_since(berlin(MONDAY, 9)), never.opens_next(berlin(MONDAY, 9))) == (
        None,
        None,
    )


def test_outside_the_hours_there_is_no_answer_but_one_away_text_per_closing() -> None:
    policy = ConversationPolicy(hours=SHOP, away_text="Back at nine.")
    evening = berlin(MONDAY, 20)
    state = Conversation(contact=ANNA, conversation_id=1, active_at=evening)
    told = []
    for minutes in (0, 10):
        now = evening + timedelta(minutes=minutes)
        asked = replace(said(1, "open?"), received_at=now - policy.debounce)
        gathered = state.gathering(asked, ())
        state, effects = decide(gathered, TimerFired(), now, policy)
        told.append([each for each in effects if isinstance(each, ConcludeMessages | QueueReply)])

    because = "outside business hours; open again Fri 27 Nov 18:00 Europe/Berlin"
    ended = [
        ConcludeMessages((1,), Outcome.SUPPRESSED, because, evening + timedelta(minutes=minutes))
        for minutes in (0, 10)
    ]
    text, key = Content(text="Back at nine."), "unasked 1 2026-11-23T19:00:00+00:00"
    away = QueueReply(1, (), text, evening, is_away_text=True, key=key)
    assert told == [[ended[0], away], [ended[1]]]


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0, 1), (1, 1, 2), (2, 1, 4), (3, 0.5, 6), (8, 1, 256), (9, 1, 300), (1000, 1, 300)],
)
def test_backoff_doubles_up_to_a_cap_and_is_spread(
    attempt: int, jitter: float, seconds: float
) -> None:
    assert backoff(attempt, jitter) == timedelta(seconds=seconds)
