import click
from rich.console import Console
from rich.table import Table

from moca.settings.display import shown_settings
from moca.settings.sections import Settings


@click.command("settings")
@click.pass_obj
def command(settings: Settings) -> None:
    """Show the settings in force, secrets masked."""
    table = Table("setting", "value", "default, where it differs")
    for name, value, default in shown_settings(settings):
        table.add_row(name, value, "" if value == default else default or "(empty)")
    Console().print(table)
