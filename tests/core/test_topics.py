from datetime import timedelta

import pytest

from moca.core.topics import AUTO, Mode, TopicMode, TopicModes, check_topic
from tests.support.factory import at

DRAFT = TopicMode(Mode.DRAFT)
DELAY = TopicMode(Mode.DELAY, timedelta(minutes=10))
OFF = TopicMode(Mode.OFF)


def test_a_topic_that_is_not_listed_has_the_mode_of_other() -> None:
    modes = TopicModes({"prices": DRAFT, "other": OFF})
    assert [modes.of(each) for each in ("prices", "hours", "other", None)] == [DRAFT, OFF, OFF, OFF]


def test_without_modes_every_reply_is_sent_at_once() -> None:
    assert [TopicModes().of("prices"), TopicModes().of(None)] == [AUTO, AUTO]


def test_other_is_always_among_the_topics() -> None:
    assert TopicModes().names == ("other",)
    assert TopicModes({"other": OFF, "prices": DRAFT}).names == ("prices", "other")


def test_only_a_delay_ends_by_itself() -> None:
    assert [each.release_at(at(0)) for each in (DRAFT, DELAY)] == [None, at(600)]
    assert [each.holds for each in (AUTO, DRAFT, DELAY, OFF)] == [False, True, True, False]


def test_a_rehearsal_holds_nothing_and_still_leaves_what_is_off() -> None:
    modes = TopicModes({"prices": DRAFT, "hours": DELAY, "refunds": OFF}).without_review()
    assert modes == TopicModes({"prices": AUTO, "hours": AUTO, "refunds": OFF})


@pytest.mark.parametrize("name", ["prices", "größe", "gift cards", "x" * 60])
def test_a_topic_is_a_short_name_in_lower_case(name: str) -> None:
    assert check_topic(name) == name


@pytest.mark.parametrize("name", ["", "Prices", " prices", "a\nb", "x" * 61])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a topic is"):
        check_topic(name)
