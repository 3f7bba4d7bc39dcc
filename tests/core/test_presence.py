from datetime import UTC, datetime, timedelta

import pytest

from moca.core.presence import (
    LOOKING_LASTS,
    WRITING_LASTS,
    Presence,
    Viewer,
    presence_of,
    seen_again,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def viewer(
    name: str,
    looked: timedelta = timedelta(),
    wrote: timedelta | None = None,
    key: str | None = None,
) -> Viewer:
    """Return who looked and wrote so long ago."""
    return Viewer(key or name, name, NOW - looked, None if wrote is None else NOW - wrote)


def test_who_looks_and_who_writes_are_told_apart_by_name() -> None:
    viewers = [viewer("Cleo"), viewer("Ben", wrote=timedelta()), viewer("Ana")]

    assert presence_of(viewers, NOW, besides=None) == Presence(("Ben",), ("Ana", "Cleo"))


@pytest.mark.parametrize(
    ("looked", "wrote", "shown"),
    [
        (LOOKING_LASTS - TICK, None, Presence(looking=("Ana",))),
        (LOOKING_LASTS, None, Presence()),
        (timedelta(), WRITING_LASTS - TICK, Presence(writing=("Ana",))),
        (timedelta(), WRITING_LASTS, Presence(looking=("Ana",))),
        (LOOKING_LASTS, timedelta(), Presence()),
        (-TICK, None, Presence()),
        (timedelta(), -TICK, Presence(looking=("Ana",))),
    ],
)
def test_both_end_by_themselves_and_a_clock_set_back_shows_nothing(
    looked: timedelta, wrote: timedelta | None, shown: Presence
) -> None:
    assert presence_of([viewer("Ana", looked, wrote)], NOW, besides=None) == shown


def test_no_one_is_shown_to_themselves_but_a_namesake_is() -> None:
    viewers = [viewer("Ana", key="user 1"), viewer("Ana", key="user 2")]

    assert presence_of(viewers, NOW, besides="user 1") == Presence(looking=("Ana",))


def test_a_second_tab_does_not_end_what_is_written_in_the_first() -> None:
    first, second = viewer("Ana", timedelta(seconds=1), timedelta(seconds=1)), viewer("Ana")

    again = seen_again(first, second)

    assert again == Viewer("Ana", "Ana", NOW, NOW - timedelta(seconds=1))
    assert seen_again(None, second) == second
    assert seen_again(first, viewer("Ana", wrote=timedelta())) == viewer("Ana", wrote=timedelta())
