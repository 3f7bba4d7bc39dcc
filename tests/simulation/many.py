from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import get_context

from tests.simulation.drawing import draw_script
from tests.simulation.run import run
from tests.simulation.simulation import Result
from tests.simulation.worlds import draw_world


def run_many(seeds: Iterable[int], jobs: int, world: str | None = None) -> Iterator[Result]:
    """Run seeds on several processes; results come as they are done."""
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(partial(_one, world=world), seeds, chunksize=8)


def _one(seed: int, world: str | None) -> Result:
    result = run(draw_world(seed, world) if world else draw_script(seed))
    # The trace of a run that went well is long, and nobody reads it.
    return result if result.broken else result.without_trace()
