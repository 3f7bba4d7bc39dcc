from collections.abc import Iterator, Sequence

import peewee

from actors.config import upload_folder, web_config
from actors.graph_clients import access
from moca import clock
from moca.doctor.checks import CheckTarget, run_checks
from moca.doctor.finding import Finding
from moca.instagram.account_check import AccountCheck
from moca.replies.generator import BadGenerator
from moca.replies.registry import make_generator
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import CredentialStore, require_key
from moca.storage.accounts.vault import Vault
from moca.storage.db.connection import open_database


def run_doctor(settings: Settings) -> Iterator[Finding]:
    """Check a Moca with these settings and its environment, from outside its process."""
    database = open_database(settings.database.url)
    try:
        yield from check_installation(settings, database)
    finally:
        database.close()


def _reply_problems(settings: Settings) -> Sequence[str]:
    try:
        make_generator(settings.replies.chain, settings.replies.tables)
    except BadGenerator as error:
        return error.problems
    return ()


def check_installation(settings: Settings, database: peewee.Database) -> Iterator[Finding]:
    """Check the Moca that uses this open database, and its environment."""
    instagram, config = settings.instagram, web_config(settings)
    vault = Vault(instagram.token_key.get_secret_value(), settings.database.url)
    book = CredentialStore(database, vault, clock.now)
    checkup = AccountCheck(access(settings, book), instagram.timeout_seconds)
    target = CheckTarget(
        database=database,
        checkup=checkup,
        address=config.public_origin or ("" if config.live else settings.server.own_address),
        is_live=config.live,
        verify_token=config.verify_token,
        app_secrets=config.app_secrets,
        account_id=instagram.account_id,
        answers_comments=instagram.answer_comments,
        has_token=bool(instagram.access_token),
        uploads=upload_folder(settings),
        reply_problems=lambda: _reply_problems(settings),
        require_key=lambda: require_key(vault),
        timeout_seconds=instagram.timeout_seconds,
    )
    try:
        yield from run_checks(target)
    finally:
        checkup.close()
