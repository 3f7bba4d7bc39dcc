import sys
from typing import Any

import click

from actors.commands.complaint import complain
from actors.simulation import plan_crowd, watch_crowd
from moca.crowd import NoSandbox
from moca.settings import Settings


@click.command("simulate")
@click.option("--contacts", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--per-second", type=click.IntRange(1, 200), default=5, show_default=True)
@click.option("--minutes", type=click.FloatRange(0, 60, min_open=True), default=1.0)
@click.option("--patience", type=click.IntRange(0, 7200), help="Seconds to wait for answers.")
@click.option(
    "--token", default="", help="Others can read it in `ps`: MOCA_WEB__API_TOKEN is better."
)
@click.pass_obj
def command(settings: Settings, /, **wishes: Any) -> None:
    """Let many fake people write to a running sandbox; tell what became of it."""
    try:
        tally = watch_crowd(plan_crowd(settings, **wishes))
    except NoSandbox as error:
        complain(1, f"simulate: {error}")
    except ValueError as error:
        complain(2, f"simulate: {error}")
    sys.exit(0 if tally.is_fine else 1)
