import os
import random
import sys
import time

import click
from rich.console import Console
from rich.progress import track

from tests.simulation.mutants.mutants import Mutant, read_mutants, try_mutants
from tests.simulation.parallel import run_many, script_of
from tests.simulation.report import Tally, report_failure
from tests.simulation.run import run
from tests.simulation.shrink import shrink
from tests.simulation.worlds.themes import WORLDS

_MOST_SEEDS = 2**48


@click.command()
@click.option("--seeds", type=int, help="How many seeds to try.  [default: 1000]")
@click.option("--from", "first", type=int, help="The first of them; drawn unless given.")
@click.option("--seed", type=int, help="Replay this one and print its trace.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes.")
@click.option("--shorten/--no-shorten", default=True, help="Shrink what breaks.")
@click.option("--mutants", is_flag=True, help="Break the product on purpose; 300 seeds, from 0.")
@click.option("--mutant", default="", help="Try only the mutants with this in their name.")
@click.option("--nodes", is_flag=True, help="Several nodes over one database and one broker.")
@click.option("--world", type=click.Choice(sorted(WORLDS)), help="Only worlds of this kind.")
def main(
    seeds: int | None,
    first: int | None,
    seed: int | None,
    jobs: int,
    shorten: bool,
    mutants: bool,
    mutant: str,
    nodes: bool,
    world: str | None,
) -> None:
    """Run the whole system in simulated worlds, each drawn from a seed, until one breaks it."""
    if seed is not None:
        result = run(script_of(seed, world, nodes=nodes))
        click.echo("\n".join(result.trace))
        click.echo(f"trace {result.hash}")
        sys.exit(bool(result.broken))
    if mutants or mutant:
        start = first or 0
        chosen = [each for each in read_mutants() if mutant in each.name]
        chosen = [each for each in chosen if each.nodes or not nodes]
        sys.exit(_try_mutants(chosen, range(start, start + (seeds or 300)), jobs))
    start = random.randrange(_MOST_SEEDS) if first is None else first
    sys.exit(_try_all(range(start, start + (seeds or 1000)), jobs, shorten, world, nodes))


def _try_mutants(chosen: list[Mutant], seeds: range, jobs: int) -> int:
    survived = 0
    for catch in try_mutants(chosen, seeds, jobs):
        click.echo(catch)
        survived += catch.invariant is None
    click.echo(f"{len(chosen)} mutants, {survived} survived {len(seeds)} seeds")
    return 1 if survived else 0


def _try_all(seeds: range, jobs: int, shorten: bool, world: str | None, nodes: bool) -> int:
    console, tally, began = Console(stderr=True), Tally(), time.monotonic()
    results = track(
        run_many(seeds, jobs, world, nodes=nodes),
        f"seeds from {seeds[0]}",
        len(seeds),
        console=console,
    )
    broken = None
    for result in results:
        tally.add(result)
        if result.broken:
            broken = result
            break
    click.echo(tally.told(time.monotonic() - began))
    if broken is None:
        return 0
    for line in report_failure(shrink(broken) if shorten else broken):
        click.echo(line)
    of = " --nodes" if nodes else f" --world {world}" if world else ""
    click.echo(f"replay it with: python -m tests.simulation --seed {broken.script.seed}{of}")
    return 1


if __name__ == "__main__":
    main()
