import random
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from tests.soak.report import report
from tests.soak.run import run

_MOST_SEEDS = 2**32


@click.command()
@click.option("--minutes", default=30.0, show_default=True, help="How long faults are drawn.")
@click.option("--seed", type=int, help="Repeats the draw of a run; drawn unless given.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keeps the files in this folder.")
@click.option("--only", multiple=True, help="Draws only this fault; may be given several times.")
def main(minutes: float, seed: int | None, folder: Path | None, only: tuple[str, ...]) -> None:
    """Break a Moca in use in ways that no developer chose, and judge by what its contacts saw."""
    seed = random.randrange(_MOST_SEEDS) if seed is None else seed
    click.echo(f"seed {seed}")
    # Ends what it has started, as Ctrl+C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="moca-soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        result = run(folder, seed, minutes, only, click.echo)
    for line in report(result):
        click.echo(line)
    click.echo("passed" if result.is_good else f"broken, by seed {seed}")
    sys.exit(not result.is_good)


if __name__ == "__main__":
    main()
