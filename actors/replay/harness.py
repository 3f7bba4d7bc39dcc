from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import peewee

from actors.bots.bot import BotOf
from actors.config import sender_policy, writer_policy
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.system import System
from moca.clock import VirtualTime
from moca.core.content.content import Content
from moca.core.inbound.events import Event
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import Delivered, KnownMessages, MissingFromRecord, RecordUnreadable
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ContactKey
from moca.instagram.graph import Profile
from moca.instagram.request_bodies import SenderAction
from moca.settings.sections import Settings
from moca.storage.queries.history import ContactHistory, recollect
from moca.storage.replay_source import ReplaySource
from moca.storage.writer import Writer

_SELDOM = timedelta(hours=1)
"""A replay loses nothing, so sweeps find little."""


class ReplayGraph:
    """Instagram in a replay: every message is delivered at once, and no contact receives it."""

    def __init__(self, archive: ReplaySource) -> None:
        self._archive = archive
        self._numbers = count(1)

    def prepare(self, _account_id: str) -> None:
        """Do nothing."""

    def send(self, _contact: ContactKey, _content: Content, _way: ReplyAddress) -> Delivered:
        """Return a successful delivery."""
        return Delivered(f"rehearsed-{next(self._numbers)}")

    def act(self, _contact: ContactKey, _action: SenderAction) -> None:
        """Do nothing."""

    def find_message(
        self,
        _contact: ContactKey,
        _content: Content,
        _since: datetime,
        _known: KnownMessages,
    ) -> MissingFromRecord:
        """Return that nothing was found; replayed sends are never unconfirmed."""
        return MissingFromRecord()

    def message(self, _account_id: str, _mid: str) -> RecordUnreadable:
        """Fetch nothing: messages that were fetched originally are replayed as stored."""
        return RecordUnreadable("a rehearsal reads nothing from Instagram")

    def profile(self, contact: ContactKey) -> Profile:
        """Return the name already stored."""
        return Profile(name=self._archive.name_of(contact))

    def close(self) -> None:
        """Do nothing."""


class ReplaySystem:
    """All actors on the caller's thread and in virtual time, with a fake Instagram."""

    def __init__(
        self,
        settings: Settings,
        *,
        bot_of: BotOf,
        archive: ReplaySource,
        database: peewee.Database,
        time: VirtualTime,
    ) -> None:
        self._time = time
        self._database = database
        self._dispatcher = SteppingDispatcher(fail_fast=False)
        self._timers = ManualTimers()
        replay_graph = ReplayGraph(archive)
        policy = replace(
            writer_policy(settings), policy_of=lambda account_id: bot_of(account_id).policy
        )
        self._system = System(
            sender=replace(sender_policy(settings), sweep=_SELDOM),
            dependencies=Dependencies(
                open_writer=lambda: Writer(database, policy),
                bot_of=bot_of,
                recall=self._recall,
                connect=lambda: replay_graph,
                draw=lambda: 0.0,
                missing_messages_every=_SELDOM,
            ),
            dispatchers=Dispatchers(*[self._dispatcher] * 5),
            timers=self._timers,
        )

    def receive(self, received_at: datetime, events: tuple[Event, ...]) -> None:
        """Advance time to when the events were received, then process them."""
        self.advance_to(received_at)
        self._system.tell(RecordWebhook(b"", events, received_at))
        self._settle()

    def advance_to(self, instant: datetime) -> None:
        """Process everything due until an instant, each thing at its time."""
        self._settle()
        while (due := self._timers.next_at) is not None and due <= instant:
            self._time.move_to(due)
            self._settle()
        self._time.move_to(instant)

    def close(self) -> None:
        """Stop the system."""
        self._system.stop()
        self._database.close()

    def _settle(self) -> None:
        while self._dispatcher.run_until_idle() or self._timers.advance_to(self._time.now()):
            pass

    def _recall(self, contact: ContactKey, before_id: int, limit: int) -> ContactHistory:
        return recollect(contact, before_id, limit)
