from collections.abc import Iterable, Iterator
from functools import partial
from multiprocessing import get_context

from tests.simulation.nodes.draw import draw_nodes
from tests.simulation.result import Result
from tests.simulation.run import run
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.script import Script
from tests.simulation.worlds.themes import draw_world


def script_of(seed: int, world: str | None = None, *, nodes: bool = False) -> Script:
    """Write down the run of a seed: in a world of this name, on several nodes, or in any world."""
    if nodes:
        return draw_nodes(seed)
    return draw_world(seed, world) if world else draw_script(seed)


def run_many(
    seeds: Iterable[int], jobs: int, world: str | None = None, *, nodes: bool = False
) -> Iterator[Result]:
    """Run seeds on several processes; results come as they are done."""
    one = partial(_one, world=world, nodes=nodes)
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(one, seeds, chunksize=8)


def _one(seed: int, world: str | None, *, nodes: bool) -> Result:
    result = run(script_of(seed, world, nodes=nodes))
    # The trace of a run that went well is long, and of no use.
    return result if result.broken else result.without_trace()
