import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.drawing import draw_script
from tests.simulation.run import run
from tests.simulation.telling import tell_failure

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("first", range(0, 240, 20))
def test_whatever_befalls_it_nothing_is_lost_and_nothing_comes_twice(first) -> None:
    for seed in range(first, first + 20):
        result = run(draw_script(seed))
        assert result.broken == (), "\n".join(tell_failure(result))


@pytest.mark.parametrize("seed", [3, 30, 262])
def test_a_seed_tells_the_same_story_twice(seed) -> None:
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
    results = [run(draw_script(seed)) for seed in range(100, 140)]
    assert any(result.faults == result.crashes == 0 for result in results)
    assert any(result.faults > 10 for result in results)
    assert any(result.crashes > 2 for result in results)
