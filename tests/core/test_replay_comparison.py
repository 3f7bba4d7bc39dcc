"""When two ends of one message count as the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.replay_comparison import Comparison, Ending, Lived, Verdict, compare, unasked
from moca.core.types import Outcome
from tests.support.factory import ANNA, NOON


def answered(said="Hello", after=8.0, by="rules: greeting", **more) -> Ending:
    sent_after = timedelta(seconds=after)
    outcome = Outcome.ANSWERED
    return Ending(outcome=outcome, said=said, type="text", by=by, sent_after=sent_after, **more)


def left(because="the conversation is human", outcome=Outcome.SUPPRESSED) -> Ending:
    return Ending(outcome=outcome, because=because)


def message(mid="m1", ending=None) -> Lived:
    return Lived(
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
        (answered(), answered(), Verdict.SAME),
        (answered(), answered(by="mock"), Verdict.SAME),
        (answered(), answered("Good day"), Verdict.CHANGED),
        (answered(), answered(beside='{"is_heart":true}'), Verdict.CHANGED),
        (answered(after=8), answered(after=12.9), Verdict.SAME),
        (answered(after=8), answered(after=60), Verdict.ANOTHER_TIME),
        (answered(after=60), answered(after=8), Verdict.ANOTHER_TIME),
        (left(), answered(), Verdict.NOW_ANSWERED),
        (answered(), left(), Verdict.NO_LONGER_ANSWERED),
        (left(), left(), Verdict.SAME),
        (left(), left("the contact opted out"), Verdict.ANOTHER_END),
        (left(), left(outcome=Outcome.FAILED), Verdict.ANOTHER_END),
        (left("same text 3 s earlier"), left("same text 4.5 s earlier"), Verdict.SAME),
    ],
)
def test_ends_are_compared_by_what_the_contact_would_notice(then, now, verdict):
    assert compare(then, now) is verdict


def test_a_reply_that_failed_answered_nobody():
    failed = Ending(outcome=Outcome.FAILED, because="Instagram refused it", said="Hello")
    assert compare(failed, answered()) is Verdict.NOW_ANSWERED


def test_a_reply_on_its_way_counts_as_one():
    waiting = Ending(said="Hello", type="text")
    assert compare(answered(), waiting) is Verdict.SAME


def test_words_that_nobody_asked_the_model_for_are_taken_for_the_same():
    then = answered("How can I help?", by="model: gpt")
    now = answered(unasked("model"), by="model: not asked in a rehearsal")
    assert compare(then, now) is Verdict.SAME
    disclosed = answered(f"I am a bot.\n\n{unasked('model')}", by=now.by)
    assert compare(then, disclosed) is Verdict.SAME
    assert compare(answered(by="rules: greeting"), now) is Verdict.CHANGED


@pytest.mark.parametrize(
    ("by", "maker"),
    [
        ("model: gpt", "model"),
        ("fixed, after model: the model refused", "fixed"),
        ("mock", "mock"),
        ("", ""),
    ],
)
def test_the_journey_tells_who_made_a_reply(by, maker):
    assert answered(by=by).maker == maker


def test_every_message_is_counted_and_only_so_many_differences_are_kept():
    comparison = Comparison(most=1)
    comparison.add(message("m1"), answered())
    comparison.add(message("m2"), answered("Good day"))
    comparison.add(message("m3"), answered(unasked("model"), by="model: not asked"))
    comparison.add(message("m4"), None)
    comparison.add(replace(message("m5"), is_unsent=True), answered("Good day"))
    counts = {verdict: count for verdict, count in comparison.counts.items() if count}
    assert counts == {Verdict.SAME: 1, Verdict.CHANGED: 2, Verdict.NOT_REPLAYED: 2}
    assert [each.message.mid for each in comparison.differences] == ["m2"]
    assert comparison.unasked == 1
