import peewee
import structlog

from actors.cli.errors import complain, refuse
from actors.config import conversation_policy
from moca.core.accounts import WrongKey
from moca.logs import set_up_logs
from moca.replies.errors import BadGenerator
from moca.replies.registry import make_generator
from moca.settings.display import mask_passwords
from moca.settings.errors import BadSettings
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import reseal_tokens
from moca.storage.accounts.vault import Vault
from moca.storage.db.connection import migrate, open_database, restrict_to_owner


def require_usable(settings: Settings) -> None:
    """See whether holidays and reply generators can be had as these settings ask for them.

    Otherwise every fault is told, and the process ends with status 2.
    """
    try:
        conversation_policy(settings)
        make_generator(settings.replies.chain, settings.replies.tables)
    except (BadSettings, BadGenerator) as error:
        refuse(error.problems)


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
