import sys
from datetime import timedelta
from random import SystemRandom
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from actors.cli.api_token import find_token
from actors.cli.errors import exit_with
from moca.settings.sections import Settings
from moca.simulated_traffic import (
    NoSandbox,
    SimulatedContacts,
    TrafficPlan,
    TrafficReport,
    simulate,
)


def plan_crowd(
    settings: Settings,
    *,
    contacts: int,
    per_second: int,
    minutes: float,
    patience: int | None = None,
    token: str = "",
) -> TrafficPlan:
    """Plan simulated contacts for the Moca of these settings.

    Raises:
        ValueError: If the simulation is not allowed or not possible; the message explains why.
    """
    known = token or find_token(settings)
    if settings.instagram.mode != "sandbox":
        raise ValueError("works only in sandbox mode")
    if not known:
        raise ValueError("set MOCA_WEB__API_TOKEN to the API token of the running Moca")
    writes = max(1, round(per_second * minutes * 60))
    usual = writes // settings.sender.per_second + 60
    return TrafficPlan(
        address=settings.server.own_address,
        token=known,
        contacts=contacts,
        per_second=per_second,
        writes=writes,
        patience=timedelta(seconds=usual if patience is None else patience),
    )


def watch_crowd(plan: TrafficPlan) -> TrafficReport:
    """Run the simulation with a progress bar for each stage, then print the figures.

    Raises:
        NoSandbox: If there is no running sandbox to write to.
    """
    console, crowd = Console(), SimulatedContacts(plan, SystemRandom())
    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=console) as progress:
            bars = {
                stage: progress.add_task(stage, total=plan.writes) for stage in ("written", "ended")
            }
            tally = simulate(
                crowd, lambda stage, done: progress.update(bars[stage], completed=done)
            )
    finally:
        crowd.close()
    console.print(_table(tally))
    return tally


def _table(tally: TrafficReport) -> Table:
    table = Table("messages", "count")
    table.add_row("written", f"{tally.written}")
    for outcome in ("answered", "duplicate", "suppressed", "failed", "open"):
        table.add_row(outcome, f"{tally.outcomes[outcome]}")
    for name, share in (("time to reply, p50", 0.5), ("time to reply, p95", 0.95)):
        latency = tally.latency(share)
        table.add_row(name, "-" if latency is None else f"{latency.total_seconds():.2f} s")
    table.add_row("rejected", f"{tally.refused}")
    table.add_row("lost", f"{tally.outcomes['lost']}")
    table.add_row("answered twice", f"{tally.twice}")
    return table


@click.command("simulate")
@click.option("--contacts", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--per-second", type=click.IntRange(1, 200), default=5, show_default=True)
@click.option("--minutes", type=click.FloatRange(0, 60, min_open=True), default=1.0)
@click.option("--patience", type=click.IntRange(0, 7200), help="Seconds to wait for replies.")
@click.option(
    "--token",
    default="",
    help="API token. Other users can see it in `ps`; prefer MOCA_WEB__API_TOKEN.",
)
@click.pass_obj
def command(settings: Settings, /, **consent_changes: Any) -> None:
    """Simulate many contacts in a running sandbox.

    Prints how many were answered, how fast, and whether any was lost or answered twice.
    """
    try:
        tally = watch_crowd(plan_crowd(settings, **consent_changes))
    except NoSandbox as error:
        exit_with(1, f"simulate: {error}")
    except ValueError as error:
        exit_with(2, f"simulate: {error}")
    sys.exit(0 if tally.is_fine else 1)
