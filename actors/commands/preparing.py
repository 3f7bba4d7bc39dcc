import peewee
import structlog

from actors.commands.complaint import complain
from actors.commands.usable import require_usable
from moca.core.account import WrongKey
from moca.logs import set_up_logs
from moca.settings import Settings
from moca.settings.showing import mask_passwords
from moca.storage.book import reseal_tokens
from moca.storage.database import migrate, open_database
from moca.storage.file import restrict_to_owner
from moca.storage.vault import Vault

_LOG = structlog.get_logger()


def prepare(settings: Settings) -> None:
    """See to it that all is there that serving needs; else tell, and end the process."""
    require_usable(settings)
    set_up_logs(settings.log.level, settings.log.format)
    prepare_database(settings)


def prepare_database(settings: Settings) -> None:
    """Bring the schema up to date and see whether the key fits what is sealed.

    Where that fails, what to do is told, and the process ends with status 1.
    """
    try:
        database = open_database(settings.database.url)
        restrict_to_owner(database)
        migrate(database)
        _reseal_tokens(settings, database)
    except WrongKey as error:
        complain(1, str(error))
    except (peewee.PeeweeException, ValueError, OSError) as error:
        problem = f"database.url: {settings.database.url} cannot be used: {error}"
        complain(1, mask_passwords(problem.rstrip()))
    database.close()


def _reseal_tokens(settings: Settings, database: peewee.Database) -> None:
    key = settings.instagram.token_key.get_secret_value()
    with database.connection_context():
        if resealed := reseal_tokens(Vault(key, settings.database.url)):
            _LOG.info("tokens_resealed", accounts=resealed)
