import sys

import click
from rich.console import Console
from rich.table import Table

from actors.doctor import run_doctor
from moca.settings.sections import Settings


@click.command("doctor")
@click.pass_obj
def command(settings: Settings) -> None:
    """Check the installation and suggest a fix for each problem."""
    table = Table("", "Check", "Result")
    findings = list(run_doctor(settings))
    for finding in findings:
        table.add_row("OK" if finding.is_fine else "Fix", finding.name, finding.text)
    Console().print(table)
    sys.exit(0 if all(finding.is_fine for finding in findings) else 1)
