from collections.abc import Iterator

import peewee

from actors.config import web_config
from actors.graph_clients import access
from moca import clock
from moca.doctor.checks import Patient, examine
from moca.doctor.finding import Line
from moca.instagram.account_check import Checkup
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import AccountBook, require_key
from moca.storage.accounts.vault import Vault
from moca.storage.db.connection import open_database


def call_doctor(settings: Settings) -> Iterator[Line]:
    """Look at a Moca with these settings, and at the world around it; not from within it."""
    database = open_database(settings.database.url)
    try:
        yield from look_at(settings, database)
    finally:
        database.close()


def look_at(settings: Settings, database: peewee.Database) -> Iterator[Line]:
    """Look at the Moca that has this database open, and at the world around it."""
    instagram, config = settings.instagram, web_config(settings)
    vault = Vault(instagram.token_key.get_secret_value(), settings.database.url)
    book = AccountBook(database, vault, clock.now)
    checkup = Checkup(access(settings, book), instagram.timeout_seconds)
    patient = Patient(
        database=database,
        checkup=checkup,
        address=config.public_origin or ("" if config.live else settings.server.own_address),
        is_live=config.live,
        verify_token=config.verify_token,
        app_secrets=config.app_secrets,
        account_id=instagram.account_id,
        answers_comments=instagram.answer_comments,
        has_token=bool(instagram.access_token),
        require_key=lambda: require_key(vault),
        timeout_seconds=instagram.timeout_seconds,
    )
    try:
        yield from examine(patient)
    finally:
        checkup.close()
