from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.explanations import InForce, Silence, would_have_answered
from moca.core.types import Outcome
from tests.support.factory import at

IN_FORCE = InForce(
    dedup=timedelta(seconds=10),
    debounce=timedelta(seconds=5),
    cooldown=timedelta(seconds=30),
    takeover=timedelta(hours=12),
)
TAKEN_OVER = Silence(
    outcome=Outcome.SUPPRESSED,
    because="a person took over the conversation",
    arrived_at=at(0),
    ended_at=at(12),
)


def said(**changes):
    return would_have_answered(replace(TAKEN_OVER, **changes), IN_FORCE)


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (
            -3.2,
            (
                "It came 3.2 s after the same text: with dedup_seconds below 3.2 it would have "
                "been answered."
            ),
        ),
        (
            -10,
            (
                "It came 10 s after the same text: with dedup_seconds below 10 it would have "
                "been answered."
            ),
        ),
        (-10.5, "Had it come after the bot's answer, it would have been answered too."),
        (None, "Had it come after the bot's answer, it would have been answered too."),
    ],
)
def test_a_repeat_would_have_been_answered_later_or_with_a_shorter_memory(first, says):
    first_at = None if first is None else at(first)

    assert said(outcome=Outcome.DUPLICATE, because="same text", first_at=first_at) == says


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (
            {"ended_at": at(4)},
            "With a debounce below 4 s it would have been answered before that.",
        ),
        (
            {"ended_at": at(5)},
            "With a debounce below 5 s it would have been answered before that.",
        ),
        (
            {"bot_spoke_at": at(-9)},
            "With a cooldown of 20 s it would have been answered.",
        ),
        (
            {"bot_spoke_at": at(-18)},
            "With a cooldown of 29 s it would have been answered.",
        ),
        (
            {"bot_spoke_at": at(-19)},
            "Had the bot been stopped a little later, it would have been answered.",
        ),
        ({}, "Had the bot been stopped a little later, it would have been answered."),
        (
            {"ended_at": at(0)},
            "Handed back to the bot before it came, it would have been answered.",
        ),
    ],
)
def test_what_was_stopped_while_it_waited_would_have_gone_sooner(facts, says):
    assert said(**facts) == says


@pytest.mark.parametrize(
    ("wrote", "says"),
    [
        (
            -44 * 60,
            (
                "With takeover_minutes at 44 the bot would have been back in time; so it would, "
                "handed back by hand."
            ),
        ),
        (
            -12 * 3600,
            "Handed back to the bot before it came, it would have been answered.",
        ),
    ],
)
def test_what_came_while_a_person_had_the_word_names_the_takeover(wrote, says):
    assert said(because="the conversation is human", person_wrote_at=at(wrote)) == says


@pytest.mark.parametrize(
    ("because", "names"),
    [
        ("outside business hours, open again Mon 23 Nov 09:00 UTC", "answer_when_open"),
        ("the contact opted out of automatic messages", "opts in"),
        ("the 24 h window shut before it could be answered", "a person may write"),
        ("the 24 h window is shut", "a person may write"),
        ("60 replies to one contact within an hour are enough", "replies_per_hour"),
        ("no reply is wanted: no rule fits", "replies.generator"),
        ("no reply could be made: timed out", '"fixed"'),
        ("handed over to a person: the contact asked for a person", "escalation_words"),
        ("unsent by its writer", "took it back"),
        ("another app holds the thread", "other app"),
    ],
)
def test_every_reason_names_what_would_have_changed_it(because, names):
    assert names in said(because=because)


def test_a_reason_that_is_not_known_is_not_explained():
    assert said(because="something new") == ""
