import click
import peewee
from rich.progress import Progress, TaskID

from actors.cli.errors import complain
from actors.cli.ownership import require_ownership
from actors.cli.startup import prepare_database
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.copy_database import NotTheSame, move
from moca.storage.db.connection import migrate, open_database


@click.command("migrate")
@click.option("--to", "url", required=True, help="Where to: postgresql://user@host/name.")
@click.pass_obj
def command(settings: Settings, url: str) -> None:
    """Copy all that the database holds into another, and compare; Moca must be stopped."""
    with require_ownership(settings.database.url):
        _migrate(settings, url)


def _migrate(settings: Settings, url: str) -> None:
    prepare_database(settings)
    source, target = open_database(settings.database.url), _opened(url)
    with Progress() as progress, source.connection_context(), target.connection_context():
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, rows: int) -> None:
            if not rows:
                return
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=rows)
            progress.update(tasks[what], completed=done, total=rows)

        try:
            move(source, target, tell)
        except KeyboardInterrupt:
            complain(1, "migrate: broken off; call it again, it goes on where it stood")
        except NotTheSame as error:
            complain(1, f"migrate: {error}; give it an empty database, and stop Moca")
        except peewee.PeeweeException as error:
            complain(
                1, mask_passwords(f"migrate: {error}; call it again, it goes on where it stood")
            )
    click.echo("Everything is there and the same. Set database.url to it, and start Moca.")


def _opened(url: str) -> peewee.Database:
    try:
        database = open_database(url)
        migrate(database)
    except (peewee.PeeweeException, ValueError, OSError) as error:
        complain(1, mask_passwords(f"--to: {url} cannot be used: {error}".rstrip()))
    return database
