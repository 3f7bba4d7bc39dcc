from typing import Protocol

import peewee
import structlog

from actors.bots.bot import Bot
from moca.core.bots.documents import DocumentFault
from moca.core.policy import ConversationPolicy
from moca.core.types import BotVersion
from moca.storage.bots.published import (
    Revision,
    bots_of_accounts,
    bots_revision,
    published_bots,
)

log = structlog.get_logger()


class BotSource(Protocol):
    """Builds bots; `BotFactory` is the production implementation."""

    def of_settings(self) -> Bot:
        """Return the bot that the settings file describes."""
        ...

    def of_published(
        self, text: str, identity: BotVersion
    ) -> tuple[Bot, tuple[DocumentFault, ...]]:
        """Return the bot of a published text, and why it cannot be used, if it cannot."""
        ...


class PublishedBots:
    """Which bot answers for which account, as published by the last transaction of this process.

    Each transaction begins by asking whether anything was published since, on whatever node, so
    that no event of it can be lost. `refresh` is for the writer's thread; the rest for any.
    """

    def __init__(self, factory: BotSource) -> None:
        self._factory = factory
        self._default = factory.of_settings()
        self._revision: Revision = None, None
        self._by_name: dict[str, Bot] = {}
        self._by_account: dict[str, Bot] = {}

    def of(self, account_id: str) -> Bot:
        """Return an account's bot."""
        return self._by_account.get(account_id, self._default)

    def policy_of(self, account_id: str) -> ConversationPolicy:
        """Return the policy of an account's bot."""
        return self.of(account_id).policy

    def open(self, database: peewee.Database) -> None:
        """Load what is published, before the first transaction."""
        with database.connection_context():
            self.refresh()

    def refresh(self) -> None:
        """Load what was published since the last call; needs a connection."""
        revision = bots_revision()
        if revision == self._revision:
            return
        published = published_bots()
        by_name = {name: self._built(*each) for name, each in published.items()}
        self._by_account = {
            account_id: by_name[name] for account_id, name in bots_of_accounts().items()
        }
        self._by_name, self._revision = by_name, revision

    def _built(self, identity: BotVersion, document: str) -> Bot:
        known = self._by_name.get(identity.name)
        if known is not None and known.policy.bot == identity:
            return known
        bot, faults = self._factory.of_published(document, identity)
        if faults:
            fields = [fault.field for fault in faults]
            log.error("bot_unusable", bot=identity.name, version=identity.version, fields=fields)
        elif self._revision != (None, None):
            log.info("bot_loaded", bot=identity.name, version=identity.version)
        return bot
