import click
import peewee

from actors.cli.errors import exit_with
from actors.cli.process import require_ownership
from actors.cli.progress import progress_bars
from actors.cli.startup import prepare_database
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.copy_database import CopyDiffers, move
from moca.storage.db.connection import migrate, open_database


@click.command("migrate")
@click.option("--to", "url", required=True, help="Target database: postgresql://user@host/name.")
@click.pass_obj
def command(settings: Settings, url: str) -> None:
    """Copy the database into another one and compare them.

    Moca must be stopped.
    """
    with require_ownership(settings.database.url):
        _migrate(settings, url)


def _migrate(settings: Settings, url: str) -> None:
    prepare_database(settings)
    source, target = open_database(settings.database.url), _opened(url)
    with progress_bars() as report, source.connection_context(), target.connection_context():
        try:
            move(source, target, report)
        except KeyboardInterrupt:
            exit_with(1, "migrate: interrupted; run it again to continue where it stopped")
        except CopyDiffers as error:
            exit_with(1, f"migrate: {error}; stop Moca and use an empty target database")
        except peewee.PeeweeException as error:
            exit_with(
                1, mask_passwords(f"migrate: {error}; run it again to continue where it stopped")
            )
    click.echo("The copy is complete and identical. Set database.url to it and start Moca.")


def _opened(url: str) -> peewee.Database:
    try:
        database = open_database(url)
        migrate(database)
    except (peewee.PeeweeException, ValueError, OSError) as error:
        exit_with(1, mask_passwords(f"--to: {url} cannot be used: {error}".rstrip()))
    return database
