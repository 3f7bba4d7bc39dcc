"""What is published, as the processes that decide by it read it."""

from typing import NamedTuple

from peewee import fn

from moca.core.types import BotVersion
from moca.storage.db.bot_tables import AccountBot, StoredBot, StoredBotVersion
from moca.storage.db.rows import read_rows

_REVISION = 'SELECT (SELECT MAX("id") FROM "bot_version"), (SELECT MAX("id") FROM "account_bot")'

Revision = tuple[int | None, int | None]


class PublishedBot(NamedTuple):
    """The version of a bot that is in force."""

    identity: BotVersion
    document: str


def bots_revision() -> Revision:
    """Return what changes whenever a version is published or an account changes its bot."""
    last_version, last_account = StoredBot._meta.database.execute_sql(_REVISION).fetchone()  # noqa: SLF001
    return last_version, last_account


def published_bots() -> dict[str, PublishedBot]:
    """Return the version in force of each bot, by name."""
    newest = StoredBotVersion.select(fn.MAX(StoredBotVersion.id)).group_by(StoredBotVersion.bot)
    # Another node may have given an account a bot while it was being deleted.
    is_used = StoredBot.name << AccountBot.select(AccountBot.bot).where(
        AccountBot.bot.is_null(is_null=False)
    )
    newest = newest.join(StoredBot).where(StoredBot.deleted_at.is_null() | is_used)
    rows = read_rows(
        StoredBotVersion.select(
            StoredBotVersion.bot, StoredBotVersion.number, StoredBotVersion.document
        ).where(StoredBotVersion.id << newest)
    )
    return {
        name: PublishedBot(BotVersion(name, number), document) for name, number, document in rows
    }


def bots_of_accounts() -> dict[str, str]:
    """Return the name of each account's bot, by account id, without those of the settings."""
    rows = read_rows(
        AccountBot.select(AccountBot.account_id, AccountBot.bot).where(
            AccountBot.bot.is_null(is_null=False)
        )
    )
    return dict(rows)
