from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from moca.core.explanations import UnansweredMessage, would_have_answered
from moca.core.policy import ConversationPolicy
from moca.core.reasons import Reason
from moca.core.types import Outcome
from tests.support.factory import at

IN_FORCE = ConversationPolicy(
    dedup=timedelta(seconds=10),
    debounce=timedelta(seconds=5),
    cooldown=timedelta(seconds=30),
    takeover=timedelta(hours=12),
)
TAKEN_OVER = UnansweredMessage(
    outcome=Outcome.SUPPRESSED,
    reason=Reason.WAS_TAKEN_OVER,
    arrived_at=at(0),
    ended_at=at(12),
)


def said(**changes: Any) -> str:
    return would_have_answered(replace(TAKEN_OVER, **changes), IN_FORCE)


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (
            -3.2,
            (
                "This message repeats one sent 3.2 s earlier. With dedup_seconds below "
                "3.2, the bot "
                "would have replied."
            ),
        ),
        (
            -10,
            (
                "This message repeats one sent 10 s earlier. With dedup_seconds below 10, the bot "
                "would have replied."
            ),
        ),
        (-10.5, "The bot would have replied if this message had arrived after its reply."),
        (None, "The bot would have replied if this message had arrived after its reply."),
    ],
)
def test_a_repeat_would_have_been_answered_later_or_with_a_shorter_memory(
    first: float | None, says: str
) -> None:
    first_at = None if first is None else at(first)

    assert said(outcome=Outcome.DUPLICATE, reason=Reason.DUPLICATE, first_at=first_at) == says


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (
            {"ended_at": at(4)},
            "With a debounce below 4 s, the bot would have replied before that.",
        ),
        (
            {"ended_at": at(5)},
            "With a debounce below 5 s, the bot would have replied before that.",
        ),
        (
            {"bot_replied_at": at(-9)},
            "With a cooldown of 20 s, the bot would have replied.",
        ),
        (
            {"bot_replied_at": at(-18)},
            "With a cooldown of 29 s, the bot would have replied.",
        ),
        (
            {"bot_replied_at": at(-19)},
            "The bot would have replied if it had been stopped a little later.",
        ),
        ({}, "The bot would have replied if it had been stopped a little later."),
        (
            {"ended_at": at(0)},
            (
                "The bot would have replied if you had handed the conversation back before this "
                "message arrived."
            ),
        ),
    ],
)
def test_what_was_stopped_while_it_waited_would_have_gone_sooner(
    facts: dict[str, datetime], says: str
) -> None:
    assert said(**facts) == says


@pytest.mark.parametrize(
    ("wrote", "says"),
    [
        (
            -44 * 60,
            (
                "With takeover_minutes at 44, the bot would have resumed in time. It would also "
                "have replied if you had handed the conversation back."
            ),
        ),
        (
            -12 * 3600,
            (
                "The bot would have replied if you had handed the conversation back before this "
                "message arrived."
            ),
        ),
    ],
)
def test_what_came_while_a_person_had_the_word_names_the_takeover(wrote: int, says: str) -> None:
    assert said(reason=Reason.IS_TAKEN_OVER, person_wrote_at=at(wrote)) == says


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        (Reason.OUTSIDE_HOURS, "answer_when_open"),
        (Reason.OPTED_OUT, "opt-in word"),
        (Reason.WINDOW_CLOSED, "for 7 days"),
        (Reason.HOURLY_LIMIT, "replies_per_hour"),
        (Reason.NO_REPLY_WANTED, "replies.generator"),
        (Reason.NO_REPLY_MADE, '"fixed"'),
        (Reason.ASKED_FOR_PERSON, "escalation_words"),
        (Reason.HANDED_OVER, "hand the conversation back"),
        (Reason.UNSENT, "unsent the message"),
        (Reason.IN_STANDBY, "other app"),
        (Reason.DASHBOARD_TEST, "Meta's own test"),
        (Reason.CANCELLED, "not been cancelled"),
    ],
)
def test_every_reason_names_what_would_have_changed_it(reason: Reason, names: str) -> None:
    assert names in said(reason=reason)


@pytest.mark.parametrize("reason", [None, Reason.RECALLED])
def test_what_no_setting_would_have_changed_is_not_explained(reason: Reason | None) -> None:
    assert said(reason=reason) == ""
