from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import peewee

from actors.config import conversation_policy, sender_policy, writer_policy
from actors.dependencies import World
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.system import System
from moca.clock import VirtualTime
from moca.core.content.content import Content
from moca.core.inbound.events import Event
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox.delivery import Delivered, NotArrived, Unreadable
from moca.core.outbox.queued_reply import Way
from moca.core.types import ContactKey
from moca.instagram.graph import Profile
from moca.instagram.request_bodies import SenderAction
from moca.replies.generator import ReplyGenerator
from moca.settings.sections import Settings
from moca.storage.queries.history import Recollection, recollect
from moca.storage.replay_source import Archive
from moca.storage.writer import Writer

_SELDOM = timedelta(hours=1)
"""Nothing is lost on a stage, so that little is found by looking."""


class Prompter:
    """Stands for Instagram: whatever is sent arrives at once, and nobody hears it."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._numbers = count(1)

    def send(self, _contact: ContactKey, _content: Content, _way: Way) -> Delivered:
        """Say that it arrived."""
        return Delivered(f"rehearsed-{next(self._numbers)}")

    def act(self, _contact: ContactKey, _action: SenderAction) -> None:
        """Show nothing."""

    def find_message(
        self,
        _contact: ContactKey,
        _content: Content,
        _since: datetime,
        _known_mids: AbstractSet[str],
    ) -> NotArrived:
        """Find nothing, for nothing is ever in doubt."""
        return NotArrived()

    def message(self, _account_id: str, _mid: str) -> Unreadable:
        """Fetch nothing: what was fetched then is replayed as it is stored."""
        return Unreadable("a rehearsal reads nothing from Instagram")

    def profile(self, contact: ContactKey) -> Profile:
        """Tell the name that is known already."""
        return Profile(name=self._archive.name_of(contact))

    def close(self) -> None:
        """Let go of nothing."""


class Stage:
    """All actors on the caller's thread and in virtual time, in front of an Instagram of paper."""

    def __init__(
        self,
        settings: Settings,
        *,
        generator: ReplyGenerator,
        archive: Archive,
        database: peewee.Database,
        time: VirtualTime,
    ) -> None:
        self._time = time
        self._database = database
        self._dispatcher = SteppingDispatcher(fail_fast=False)
        self._timers = ManualTimers()
        prompter = Prompter(archive)
        self._system = System(
            conversation=conversation_policy(settings),
            sender=replace(sender_policy(settings), sweep=_SELDOM),
            world=World(
                open_writer=lambda: Writer(database, writer_policy(settings)),
                generator=generator,
                recall=self._recall,
                connect=lambda: prompter,
                draw=lambda: 0.0,
                look_for_gaps_every=_SELDOM,
            ),
            dispatchers=Dispatchers(*[self._dispatcher] * 5),
            timers=self._timers,
        )

    def hear(self, received_at: datetime, events: tuple[Event, ...]) -> None:
        """Let time pass until something was received, and take it in."""
        self.pass_until(received_at)
        self._system.tell(RecordWebhook(b"", events, received_at))
        self._settle()

    def pass_until(self, instant: datetime) -> None:
        """Let everything happen that is due until then, each at its time."""
        self._settle()
        while (due := self._timers.next_at) is not None and due <= instant:
            self._time.move_to(due)
            self._settle()
        self._time.move_to(instant)

    def close(self) -> None:
        """Send everybody home."""
        self._system.stop()
        self._database.close()

    def _settle(self) -> None:
        while self._dispatcher.run_until_idle() or self._timers.advance_to(self._time.now()):
            pass

    def _recall(self, contact: ContactKey, before_id: int, limit: int) -> Recollection:
        return recollect(contact, before_id, limit)
