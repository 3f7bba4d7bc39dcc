"""When two outcomes of one message count as the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from moca.core.replay_comparison import (
    RecordedMessage,
    ReplayComparison,
    ReplayOutcome,
    ReplayVerdict,
    compare,
    unasked,
)
from moca.core.types import Outcome
from tests.support.factory import ANNA, NOON


def answered(
    said: str = "Hello", after: float = 8.0, by: str = "rules: greeting", **more: Any
) -> ReplayOutcome:
    sent_after = timedelta(seconds=after)
    outcome = Outcome.ANSWERED
    return ReplayOutcome(
        outcome=outcome, said=said, type="text", by=by, sent_after=sent_after, **more
    )


def left(
    because: str = "the conversation is human", outcome: Outcome = Outcome.SUPPRESSED
) -> ReplayOutcome:
    return ReplayOutcome(outcome=outcome, because=because)


def message(mid: str = "m1", ending: ReplayOutcome | None = None) -> RecordedMessage:
    return RecordedMessage(
        contact=ANNA,
        mid=mid,
        kind="message",
        text="hi",
        type="text",
        received_at=NOON,
        ending=ending or answered(),
    )


@pytest.mark.parametrize(
    ("then", "now", "verdict"),
    [
        (answered(), answered(), ReplayVerdict.SAME),
        (answered(), answered(by="mock"), ReplayVerdict.SAME),
        (answered(), answered("Good day"), ReplayVerdict.CHANGED),
        (answered(), answered(beside='{"is_heart":true}'), ReplayVerdict.CHANGED),
        (answered(after=8), answered(after=12.9), ReplayVerdict.SAME),
        (answered(after=8), answered(after=60), ReplayVerdict.ANOTHER_TIME),
        (answered(after=60), answered(after=8), ReplayVerdict.ANOTHER_TIME),
        (left(), answered(), ReplayVerdict.NOW_ANSWERED),
        (answered(), left(), ReplayVerdict.NO_LONGER_ANSWERED),
        (left(), left(), ReplayVerdict.SAME),
        (left(), left("the contact opted out"), ReplayVerdict.ANOTHER_END),
        (left(), left(outcome=Outcome.FAILED), ReplayVerdict.ANOTHER_END),
        (left("same text 3 s earlier"), left("same text 4.5 s earlier"), ReplayVerdict.SAME),
    ],
)
def test_ends_are_compared_by_what_the_contact_would_notice(
    then: ReplayOutcome, now: ReplayOutcome, verdict: ReplayVerdict
) -> None:
    assert compare(then, now) is verdict


def test_a_reply_that_failed_answered_nobody() -> None:
    failed = ReplayOutcome(outcome=Outcome.FAILED, because="Instagram refused it", said="Hello")
    assert compare(failed, answered()) is ReplayVerdict.NOW_ANSWERED


def test_a_reply_on_its_way_counts_as_one() -> None:
    waiting = ReplayOutcome(said="Hello", type="text")
    assert compare(answered(), waiting) is ReplayVerdict.SAME


def test_words_that_nobody_asked_the_model_for_are_taken_for_the_same() -> None:
    then = answered("How can I help?", by="model: gpt")
    now = answered(unasked("model"), by="model: not called in a rehearsal")
    assert compare(then, now) is ReplayVerdict.SAME
    disclosed = answered(f"I am a bot.\n\n{unasked('model')}", by=now.by)
    assert compare(then, disclosed) is ReplayVerdict.SAME
    assert compare(answered(by="rules: greeting"), now) is ReplayVerdict.CHANGED


@pytest.mark.parametrize(
    ("by", "maker"),
    [
        ("model: gpt", "model"),
        ("fixed, after model: the model refused", "fixed"),
        ("mock", "mock"),
        ("", ""),
    ],
)
def test_the_journey_tells_who_made_a_reply(by: str, maker: str) -> None:
    assert answered(by=by).maker == maker


def test_every_message_is_counted_and_only_so_many_differences_are_kept() -> None:
    comparison = ReplayComparison(most=1)
    comparison.add(message("m1"), answered())
    comparison.add(message("m2"), answered("Good day"))
    comparison.add(message("m3"), answered(unasked("model"), by="model: not asked"))
    comparison.add(message("m4"), None)
    comparison.add(replace(message("m5"), is_unsent=True), answered("Good day"))
    counts = {verdict: count for verdict, count in comparison.counts.items() if count}
    assert counts == {
        ReplayVerdict.SAME: 1,
        ReplayVerdict.CHANGED: 2,
        ReplayVerdict.NOT_REPLAYED: 2,
    }
    assert [each.message.mid for each in comparison.differences] == ["m2"]
    assert comparison.unasked == 1
