import click
import peewee
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from actors.cli.errors import exit_with
from moca import clock
from moca.doctor.database import free_bytes
from moca.doctor.disk import check_disk
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.disk_usage import bytes_by_table, read_disk_usage


@click.command("check-disk")
@click.pass_obj
def command(settings: Settings) -> None:
    """Show the size of each table, the growth a day, and when the disk is full.

    Works while Moca runs; a large SQLite database is read as a whole. Exit status 1 if the disk is
    full within two weeks.
    """
    database = open_database(settings.database.url)
    try:
        with database.connection_context():
            usage = read_disk_usage(database, clock.now())
            sizes = bytes_by_table(database)
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"{settings.database.url} cannot be read: {error}".rstrip()))
    _show(sizes)
    finding = check_disk(usage, free_bytes(database))
    if not finding.is_fine:
        exit_with(1, finding.text)
    click.echo(finding.text)


def _show(sizes: dict[str, int]) -> None:
    table = Table("Table", "Size", "Share")
    total = sum(sizes.values())
    for name, size in sizes.items():
        table.add_row(name, decimal(size), f"{size / total:.0%}")
    Console().print(table)
