import os
import secrets
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.simulation.report import report_failure
from tests.simulation.result import Result
from tests.simulation.run import run
from tests.simulation.worlds.draw import draw_script

ROOT = Path(__file__).parents[2]
MOST_SEEDS = 2**48


@cache
def held(seed: int) -> Result:
    """Run a seed; tell its whole story where it breaks something."""
    result = run(draw_script(seed))
    again = f"replay it with: python -m tests.simulation --seed {seed}"
    assert result.broken == (), "\n".join((*report_failure(result), again))
    return result.without_trace()


@pytest.mark.parametrize("first", range(0, 80, 20))
def test_whatever_befalls_it_nothing_is_lost_and_nothing_comes_twice(first: int) -> None:
    for seed in range(first, first + 20):
        held(seed)


def test_nor_in_worlds_that_nobody_has_seen_before() -> None:
    first = secrets.randbelow(MOST_SEEDS)
    for seed in range(first, first + 20):
        held(seed)


@pytest.mark.parametrize("seed", [3, 30, 262])
def test_a_seed_tells_the_same_story_twice(seed: int) -> None:
    assert run(draw_script(seed)).trace == run(draw_script(seed)).trace


def test_a_story_depends_on_no_order_of_hashes() -> None:
    told = set()
    for hash_seed in ("1", "2"):
        replay = (sys.executable, "-m", "tests.simulation", "--seed", "30")
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told.add(
            subprocess.run(
                replay, check=False, cwd=ROOT, env=environment, stdout=subprocess.PIPE
            ).stdout
        )
    assert len(told) == 1
    assert b"trace " in told.pop()


def test_a_world_without_faults_is_drawn_too() -> None:
    results = [held(seed) for seed in range(40, 80)]
    assert any(result.faults == result.crashes == 0 for result in results)
    assert any(result.faults > 10 for result in results)
    assert any(result.crashes > 2 for result in results)
