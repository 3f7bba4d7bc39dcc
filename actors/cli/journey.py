import contextlib

import click
from rich.console import Console
from rich.table import Table

from actors.cli.errors import exit_with
from actors.cli.startup import prepare_database
from moca import clock
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.db.database_lock import DatabaseInUse, own_database
from moca.storage.queries.journeys import read_journey
from moca.web.presenters.journey_progress import outcome_of


@click.command("journey")
@click.argument("mid")
@click.pass_obj
def command(settings: Settings, mid: str) -> None:
    """Print what happened to the message MID, and why."""
    _prepare_unless_in_use(settings)
    with open_database(settings.database.url).connection_context():
        journey = read_journey(mid)
    if journey is None:
        exit_with(1, f"no message with the id {mid}")
    table = Table("at (UTC)", "stage", "outcome", "detail")
    for step in journey.steps:
        table.add_row(f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], step.stage, step.outcome, step.detail)
    console = Console()
    console.print(table)
    outcome = outcome_of(journey)
    console.print(f"outcome: {outcome or 'still open'}")


def _prepare_unless_in_use(settings: Settings) -> None:
    # The schema of a service's database is managed by that service alone.
    with (
        contextlib.suppress(DatabaseInUse, OSError),
        own_database(settings.database.url, clock.now(), patience_seconds=0),
    ):
        prepare_database(settings)
