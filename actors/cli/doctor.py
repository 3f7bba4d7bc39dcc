import sys

import click
from rich.console import Console
from rich.table import Table

from actors.doctor import call_doctor
from moca.settings.sections import Settings


@click.command("doctor")
@click.pass_obj
def command(settings: Settings) -> None:
    """Look whether everything is as it should be; say what to do where it is not."""
    table = Table("", "what", "how it is, or the one thing to do")
    lines = list(call_doctor(settings))
    for line in lines:
        table.add_row("fine" if line.is_fine else "DO", line.name, line.told)
    Console().print(table)
    sys.exit(0 if all(line.is_fine for line in lines) else 1)
