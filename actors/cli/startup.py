from collections.abc import Callable

import click
import peewee
import structlog

from actors.cli.errors import exit_with, refuse
from actors.cli.upgrade_progress import RunningMigration, upgrade_progress
from actors.config import conversation_policy
from moca.core.accounts import WrongEncryptionKey
from moca.logs import set_up_logs
from moca.replies.generator import BadGenerator
from moca.replies.registry import make_generator
from moca.settings.display import mask_passwords
from moca.settings.errors import BadSettings
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import reseal_tokens
from moca.storage.accounts.vault import Vault
from moca.storage.db.connection import open_database, restrict_to_owner
from moca.storage.db.upgrade import migrate


def require_usable(settings: Settings) -> None:
    """Check that the holidays and reply generators of these settings can be built.

    Otherwise print every problem and exit with status 2.
    """
    problems: list[str] = []
    for build in (
        lambda: conversation_policy(settings),
        lambda: make_generator(settings.replies.chain, settings.replies.tables),
    ):
        try:
            build()
        except (BadSettings, BadGenerator) as error:
            problems += error.problems
    if problems:
        refuse(problems)


_LOG = structlog.get_logger()


def prepare(settings: Settings) -> None:
    """Check everything that serving requires; on a problem, print it and exit."""
    require_usable(settings)
    set_up_logs(settings.log.level, settings.log.format)
    prepare_database(settings, _log_migration)


def _log_migration(running: RunningMigration) -> None:
    name, number, due, seconds = running
    _LOG.info("database_upgrade", migration=name, number=number, of=due, seconds=seconds)


def echo_migration(running: RunningMigration) -> None:
    """Print a migration as it begins, and while it runs."""
    name, number, due, seconds = running
    since = f", {seconds} s so far" if seconds else ""
    click.echo(f"Upgrading the database: {name} ({number} of {due}{since})", err=True)


def prepare_database(
    settings: Settings, report: Callable[[RunningMigration], None] = echo_migration
) -> None:
    """Migrate the schema and check that the key can decrypt the stored secrets.

    On failure, print what to do and exit with status 1.
    """
    try:
        database = open_database(settings.database.url)
        restrict_to_owner(database)
        with upgrade_progress(report) as announce:
            migrate(database, announce)
        _reseal_tokens(settings, database)
    except WrongEncryptionKey as error:
        exit_with(1, str(error))
    except (peewee.PeeweeException, ValueError, OSError) as error:
        problem = f"database.url: {settings.database.url} cannot be used: {error}"
        exit_with(1, mask_passwords(problem.rstrip()))
    database.close()


def _reseal_tokens(settings: Settings, database: peewee.Database) -> None:
    key = settings.instagram.token_key.get_secret_value()
    with database.connection_context():
        if resealed := reseal_tokens(Vault(key, settings.database.url)):
            _LOG.info("tokens_resealed", accounts=resealed)
