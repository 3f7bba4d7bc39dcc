"""The actors of a real run without the web, for measurements inside them."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import peewee

from actors.bots.bot import same_bot_for_all
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import TimerThread
from actors.system import System
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.instagram.graph import GraphClient
from moca.replies.fixed import MockGenerator
from moca.replies.generator import ReplyGenerator
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate
from moca.storage.writer import Writer, WriterPolicy
from tests.support.factory import calls_at

WRITER = WriterPolicy()
AT_ONCE = ConversationPolicy(debounce=timedelta(0))


def database_in(folder: Path) -> peewee.Database:
    """Open the database of a folder, creating it if needed."""
    database = open_database(f"sqlite:///{folder}/moca.db")
    migrate(database)
    return database


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The parts of a run, except its database."""

    graph_url: str
    conversation: ConversationPolicy = AT_ONCE
    sender: SenderPolicy = field(default_factory=SenderPolicy)
    observers: Sequence[Callable[[Any], None]] = ()
    generator: ReplyGenerator = field(default_factory=MockGenerator)
    responders: int = 8

    @contextlib.contextmanager
    def running(self, database: peewee.Database) -> Iterator[System]:
        """Run it on threads while the block runs."""
        timers = TimerThread()
        timers.start()
        system = System(
            sender=self.sender,
            dependencies=Dependencies(
                open_writer=lambda: Writer(database, WRITER),
                bot_of=same_bot_for_all(self.conversation, self.generator),
                connect=lambda: GraphClient(calls_at(self.graph_url, lambda _account: "token"), 10),
                observers=self.observers,
                responders=self.responders,
            ),
            dispatchers=Dispatchers.threaded(self.sender.couriers, self.responders),
            timers=timers,
        )
        try:
            yield system
        finally:
            system.stop()
            timers.stop()
