import secrets
from dataclasses import replace
from functools import cache

import pytest

from tests.simulation.nodes.draw import draw_nodes
from tests.simulation.nodes.script import TokenLookup
from tests.simulation.nodes.test_mutants_of_nodes import QUICK, writes
from tests.simulation.report import report_failure
from tests.simulation.result import Result
from tests.simulation.run import run
from tests.simulation.worlds.script import Script

_MAX_SEEDS = 2**48


@cache
def held(seed: int) -> Result:
    """Run a seed; tell its whole story where it breaks something."""
    result = run(draw_nodes(seed))
    again = f"replay it with: python -m tests.simulation --nodes --seed {seed}"
    assert result.broken == (), "\n".join((*report_failure(result), again))
    return result.without_trace()


@pytest.mark.parametrize("first", range(0, 6, 3))
def test_whatever_befalls_the_nodes_nothing_is_lost_and_nothing_comes_twice(first: int) -> None:
    for seed in range(first, first + 3):
        held(seed)


def test_nor_in_worlds_of_nodes_that_were_never_drawn_before() -> None:
    first = secrets.randbelow(_MAX_SEEDS)
    for seed in range(first, first + 3):
        held(seed)


def test_a_seed_of_nodes_tells_the_same_story_twice() -> None:
    assert run(draw_nodes(1)).trace == run(draw_nodes(1)).trace


def test_nodes_die_and_come_back_in_worlds_that_are_judged() -> None:
    results = [held(seed) for seed in range(6)]
    assert any(result.crashes for result in results)
    assert any(result.faults > 2 for result in results)


def test_a_claimed_reply_whose_token_is_slow_to_read_takes_the_whole_pace_of_one_a_second() -> None:
    slow = (writes(1, 200), writes(2, 200.1), TokenLookup(number=1, seconds=6))
    settings = replace(QUICK, per_second=1)
    assert run(Script(1, settings, slow, nodes=2)).broken == ()


def test_claimed_replies_whose_tokens_are_slow_to_read_take_their_places_of_the_pace() -> None:
    assert run(draw_nodes(910040)).broken == ()


def test_a_call_that_is_known_after_all_not_to_have_begun_needs_no_two_readings() -> None:
    assert run(draw_nodes(70881885468804)).broken == ()
