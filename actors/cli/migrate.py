import click
import peewee

from actors.cli.errors import exit_with
from actors.cli.process import require_ownership
from actors.cli.progress import progress_bars
from actors.cli.startup import prepare_database
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.copy_database import CopyDiffers, move
from moca.storage.db.connection import open_database, open_to_read
from moca.storage.db.upgrade import NewerSchema, due_migrations, migrate

_UP_TO_DATE = "The database is up to date."


@click.command("migrate")
@click.option("--check", is_flag=True, help="Only list the migrations that are due.")
@click.option("--to", "url", help="Copy to this database: postgresql://user@host/name.")
@click.pass_obj
def command(settings: Settings, url: str | None, *, check: bool) -> None:
    """Upgrade the database, or copy it into another one and compare them.

    The start of Moca upgrades the database too. Except for --check, Moca must be stopped. --check
    changes nothing; its exit status is 1 if migrations are due.
    """
    if check and url:
        raise click.UsageError("use either --check or --to")
    if check:
        _check(settings)
        return
    with require_ownership(settings.database.url):
        if url is None:
            prepare_database(settings)
            click.echo(_UP_TO_DATE)
        else:
            _migrate(settings, url)


def _check(settings: Settings) -> None:
    try:
        database = open_to_read(settings.database.url)
    except peewee.OperationalError as error:
        exit_with(1, mask_passwords(f"{settings.database.url} cannot be read: {error}"))
    try:
        due = due_migrations(database)
    except NewerSchema as error:
        exit_with(1, mask_passwords(f"{settings.database.url} cannot be used: {error}"))
    finally:
        database.close()
    if not due:
        click.echo(_UP_TO_DATE)
        return
    click.echo("\n".join(due))
    exit_with(1, f"migrations due: {len(due)}; the next start, or moca migrate, carries them out")


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
