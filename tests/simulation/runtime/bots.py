from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime

import peewee

from actors.bots.bot import Bot
from moca.core.bots import DocumentFault
from moca.core.messages.bots import PublishBot, SaveBotDraft
from moca.core.messages.command import Command
from moca.core.types import SETTINGS_BOT, BotVersion
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.generator import ReplyGenerator
from moca.storage.db.bot_tables import AccountBot
from moca.storage.writer import Writer
from tests.simulation.instagram.instagram import instant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.worlds.settings import WorldSettings


def bot_of(account_id: str) -> str:
    """Return the name of the bot that answers for an account."""
    return f"bot-{account_id}"


@dataclass(frozen=True)
class SimulatedBotFactory:
    """Builds bots that differ in nothing but in who they say they are."""

    settings: WorldSettings
    voice: Callable[[BotVersion], ReplyGenerator]

    def of_settings(self) -> Bot:
        return Bot(policy=self.settings.conversation(), generator=self.voice(SETTINGS_BOT))

    def of_published(
        self, _text: str, identity: BotVersion
    ) -> tuple[Bot, tuple[DocumentFault, ...]]:
        policy = replace(self.settings.conversation(), bot=identity)
        chain = GeneratorChain([ChainLink("voice", self.voice(identity))], identity)
        return Bot(policy=policy, generator=chain), ()


def publishing(ledger: Ledger, account_id: str, at: datetime) -> tuple[Command, Command]:
    """Return the commands that save and publish another version of an account's bot."""
    name = bot_of(account_id)
    revision = ledger.count("SELECT draft_revision FROM bot WHERE name = ?", name)
    return _commands(name, revision, at)


def give_bots(database: peewee.Database, accounts: set[str], settings: WorldSettings) -> None:
    """Give each account a bot of its own, before Moca starts."""
    writer = Writer(database, settings.writer())
    for account_id in sorted(accounts):
        writer.apply(_commands(bot_of(account_id), 0, instant(0)))
        with database.atomic():
            AccountBot.create(account_id=account_id, bot=bot_of(account_id))
    writer.close()


def _commands(name: str, revision: int, at: datetime) -> tuple[Command, Command]:
    document, now = f"# {revision + 1}", revision + 1
    save = SaveBotDraft(name, document, revision, "Ada", at, receipt=Future[object]())
    return save, PublishBot(name, now, "", "Ada", at, receipt=Future[object]())
