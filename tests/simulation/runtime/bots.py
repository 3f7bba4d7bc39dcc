from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime

import peewee

from actors.bots.bot import Bot
from moca.core.bots.documents import DocumentFault
from moca.core.messages.bots import PublishBot, SaveBotDraft
from moca.core.messages.command import Command
from moca.core.types import SETTINGS_BOT, BotVersion
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.generator import ReplyGenerator
from moca.storage.db.bot_tables import AccountBot
from moca.storage.writer import Writer
from tests.simulation.instagram.instagram import instant
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.worlds.settings import WorldSettings

_VERSIONS = "SELECT MAX(number) FROM bot_version WHERE bot_id = ?"


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


def next_version(ledger: Ledger, account_id: str, at: datetime) -> Command:
    """Return the command that saves a draft of an account's bot, or publishes the saved one."""
    name = bot_of(account_id)
    revision = ledger.count("SELECT draft_revision FROM bot WHERE name = ?", name)
    is_published = ledger.count(
        "SELECT draft = (SELECT document FROM bot_version v WHERE v.bot_id = name "
        "ORDER BY number DESC LIMIT 1) FROM bot WHERE name = ?",
        name,
    )
    save, publish = _commands(name, revision if is_published else revision - 1, at)
    return save if is_published else publish


def give_bots(database: peewee.Database, accounts: set[str], settings: WorldSettings) -> None:
    """Store a bot for each account, before Moca starts."""
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


class BotWatch:
    """Judges which bot, and which version of it, made each reply."""

    def __init__(self, ledger: Ledger, is_broken: Callable[[Invariant, str], None]) -> None:
        self._ledger = ledger
        self._is_broken = is_broken

    def judge_request(
        self, account_id: str, own: str, asked: BotVersion, newest: int | None = None
    ) -> None:
        """Judge which bot is asked for a reply, at the instant that it is asked.

        Args:
            account_id: The account that is to reply.
            own: The name of its bot.
            asked: The bot that is asked.
            newest: The version that its node knew to be published at its last transaction; None for
                the one that is.
        """
        if asked.name != own:
            self._is_broken(Invariant.OWN_BOT, f"{asked} is asked for {account_id}")
        if newest is None:
            newest = self._ledger.count(_VERSIONS, own)
        if asked.version != newest:
            self._is_broken(Invariant.OWN_BOT, f"{asked} is asked, published is {newest}")

    def judge_the_end(self) -> None:
        """Judge what is stored of each reply: its account's bot made it, in one version."""
        by_reply: dict[int, set[object]] = {}
        for row in self._ledger.messages("m.generator IS NOT NULL"):
            stored = row["bot"], row["bot_version"]
            if row["bot"] != bot_of(row["account_id"]) or row["bot_version"] is None:
                what = f"message {row['id']} of {row['account_id']} is stored as by {stored}"
                self._is_broken(Invariant.OWN_BOT, what)
            by_reply.setdefault(row["part_of_id"] or row["id"], set()).add(stored)
        for message_id, makers in by_reply.items():
            if len(makers) > 1:
                self._is_broken(Invariant.OWN_BOT, f"reply {message_id} is by {makers}")
