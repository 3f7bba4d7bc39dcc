import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import peewee

from actors.bots.published_bots import PublishedBots
from actors.dependencies import Dependencies
from actors.routes import Recipient, recipient_of
from actors.runtime.actor import MailboxActor, Ref
from actors.runtime.dispatchers import Dispatchers
from actors.system import System
from moca.core.content.content import Content
from moca.core.conversation.decide import OfDraft
from moca.core.messages.command import Command
from moca.core.types import BotVersion
from moca.replies.generator import Reply, ReplyRequest
from moca.storage.db.connection import open_database
from moca.storage.db.operator_tables import Operator
from moca.storage.uploads.retention import UploadRetention
from moca.storage.writer import Writer, Written
from moca.uploads.folder import UploadFolder
from tests.simulation.instagram.graph_client import ScriptedGraphClient
from tests.simulation.instagram.instagram import SimulatedInstagram
from tests.simulation.oracle.team.pushes import PushWatch
from tests.simulation.oracle.team.reports import ReportWatch
from tests.simulation.runtime.bots import SimulatedBotFactory, bot_of, give_bots
from tests.simulation.runtime.generator import Generator
from tests.simulation.runtime.push_service import SimulatedPushService, give_browsers
from tests.simulation.runtime.subscribers import SimulatedSubscribers
from tests.simulation.runtime.virtual_time import (
    ActorCrashedError,
    Backstage,
    Clockwork,
    SteadyTimers,
    StepDriver,
)
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import Script
from tests.simulation.worlds.settings import RESPONDERS, WorldSettings


def uploads_of(database: peewee.Database) -> UploadFolder:
    """Return the folder of attached files, beside the database."""
    return UploadFolder(Path(f"{database.database}.uploads"))


class DiedError(BaseException):
    """The process is no more."""


class _Voice:
    needs_history = 0
    needs_name = False

    def __init__(self, process: "Process", backstage: Backstage, bot: BotVersion) -> None:
        self._process = process
        self._generator = process.generator
        self._backstage = backstage
        self._bot = bot

    def reply(self, request: ReplyRequest) -> Reply:
        if self._process.settings.has_bots:
            account_id = request.contact.account_id
            self._process.bot_asked(account_id, bot_of(account_id), self._bot)
        return self._generator.reply(request, self._backstage)


_LOSABLE = {Recipient.SUPERVISOR, Recipient.SENDER, Recipient.MISSING_MESSAGES}


class LossySystem(System):
    """Loses what is told between its actors while the process is said to.

    What a responder tells its conversation never leaves their process, and is not lost.
    """

    process: "Process"

    def _recipient(self, event: object) -> Ref[MailboxActor] | None:
        may_be_lost = recipient_of(event) in _LOSABLE and not isinstance(event, OfDraft)
        is_lost = may_be_lost and self.process.loses_event()
        return None if is_lost else super()._recipient(event)


class FragileWriter(Writer):
    """Writes as the real one does, unless the disk fails or the process dies after a commit.

    A commit's answer may be lost, as when the connection to a database server breaks.
    """

    def __init__(self, database: peewee.Database, process: "Process") -> None:
        bots = process.bots
        policy = replace(
            process.settings.writer(),
            policy_of=bots.policy_of,
            refresh_bots=bots.refresh,
            uploads=UploadRetention(uploads_of(database)),
        )
        super().__init__(database, policy)
        self._process = process

    def apply(self, commands: Sequence[Command]) -> Written:
        if self._process.disk_fails:
            raise peewee.OperationalError("disk I/O error")
        reports, pushes = self._process.reports, self._process.pushes
        if reports:
            reports.is_about_to_commit()
        if pushes:
            pushes.is_about_to_commit()
        written = super().apply(commands)
        if reports:
            reports.committed(commands, written)
        if pushes:
            pushes.committed(written)
        if self._process.dies_after_commit:
            self._process.dies_after_commit = False
            raise DiedError
        if self._process.loses_commits:
            self._process.loses_commits -= 1
            if pushes:
                pushes.forgets()
            self._process.commit_lost()
            raise peewee.OperationalError("server closed the connection unexpectedly")
        return written


class Process:
    """Moca's process: comes up, dies, comes up again on the same database."""

    def __init__(
        self,
        path: Path,
        script: Script,
        clockwork: Clockwork,
        instagram: SimulatedInstagram,
        trace: Trace,
        observe: Callable[[object], None],
    ) -> None:
        self.settings: WorldSettings = script.settings
        self.disk_fails = False
        self.dies_after_commit = False
        self.loses_one_event_in = 0
        """1 if all are lost, 0 if none is."""
        self._events = 0
        self.loses_commits = 0
        """Whose answers are lost, of the commits to come."""
        self.has_failed = False
        """Whether an actor past its restart budget has ended this life of the process."""
        self.commit_lost: Callable[[], None] = lambda: None
        self.fetched: Callable[[Content], None] = lambda _content: None
        """Called as Instagram fetches what a call sends."""
        self.bot_asked: Callable[[str, str, BotVersion], None] = lambda *_: None
        """Called with an account, the name of its bot, and the bot that is asked for a reply."""
        # Those that still get their bots.
        self._accounts = {
            each.contact.account_id for each in script.happenings if hasattr(each, "contact")
        }
        self.reports: ReportWatch | None = None
        self.pushes: PushWatch | None = None
        self.push_service = SimulatedPushService(script.seed)
        self.subscribers = SimulatedSubscribers(script)
        self.system: System | None = None
        self.generator = Generator(script, clockwork, trace)
        self._chance = random.Random(script.seed)
        self._clockwork = clockwork
        self._instagram = instagram
        self._trace = trace
        self._observe = observe
        self.database = open_database(f"sqlite:///{path}")

    def start(self) -> None:
        settings, clockwork = self.settings, self._clockwork
        self.stage = stage = StepDriver(None if settings.in_order else self._chance)
        self.backstage = backstage = Backstage(stage, clockwork)
        self.timers = SteadyTimers(clockwork)
        self._trace.tell("Moca starts")
        if settings.has_bots and self._accounts:
            give_bots(self.database, self._accounts, settings)
            self._accounts.clear()
        if settings.pushes and not Operator.select().exists():
            give_browsers(self.database)
        self.subscribers.subscribe(self.database)
        self.push_service.backstage = backstage
        voice = partial(_Voice, self, backstage)
        self.bots = PublishedBots(SimulatedBotFactory(settings, voice))
        self.bots.open(self.database)
        self.loses_commits = 0
        self.has_failed = False
        self.system = LossySystem(
            sender=settings.sender(),
            dependencies=Dependencies(
                open_writer=lambda: FragileWriter(self.database, self),
                bot_of=self.bots.of,
                responders=RESPONDERS,
                connect=lambda: ScriptedGraphClient(self._instagram, backstage, self.fetched),
                draw=self._chance.random,
                observers=(self._observe,),
                shows_typing=settings.shows_typing,
                escalate=self._fails,
                background=replace(
                    settings.background(),
                    pushes=self.push_service if settings.pushes else None,
                    subscribers=self.subscribers.port(self.database, backstage),
                ),
            ),
            dispatchers=Dispatchers(
                shared=stage,
                responders=backstage,
                couriers=backstage,
                readers=backstage,
                persistence=stage,
            ),
            timers=self.timers,
        )
        self.system.process = self

    @property
    def is_idle(self) -> bool:
        """Whether it is up and holds no conversation in memory."""
        if self.system is None:
            return False
        try:
            return not self.system.live_conversations()
        except ActorCrashedError:  # The crash of the supervisor that was to come.
            return False

    def post(self, command: Command) -> bool:
        """Send a command; return whether the process was running."""
        if self.system is None:
            return False
        self.system.tell(command)
        return True

    def step(self) -> bool:
        return self.system is not None and self.stage.step()

    @property
    def is_waiting(self) -> bool:
        """Whether any actor waits for Instagram or a reply, or push services are to be called."""
        return self.backstage.is_waiting or (self.pushes is not None and self.pushes.is_waiting)

    def next_due(self) -> datetime | None:
        """Return when its next timer is due."""
        return None if self.system is None else self.timers.agenda.next_at()

    def send_due(self) -> bool:
        return self.system is not None and self.timers.send_due()

    def loses_event(self) -> bool:
        """Return whether what is told now gets lost."""
        self._events += 1
        one_in = self.loses_one_event_in
        return one_in > 0 and self._events % one_in == 0

    def crashes(self, actor: str) -> None:
        """Have an actor of this class raise at the next message that it takes."""
        if self.system is not None:
            self._trace.tell(f"{actor} is about to crash")
            self.stage.doomed = actor
            if self.pushes and actor == "PushActor":
                self.pushes.may_lose_all()

    def die(self) -> None:
        """End as by kill -9."""
        self._trace.tell("Moca dies")
        self._end()

    def stop(self) -> None:
        """End in order, as far as calls that hang allow."""
        self._trace.tell("Moca stops")
        if self.system is not None:
            self.system.stop()
        self._end()

    def step_cost(self) -> float:
        return self._chance.random() * self.settings.step_cost

    def _fails(self, error: BaseException) -> None:
        self.has_failed = True

    def _end(self) -> None:
        self.system = None
        if self.pushes:
            self.pushes.forgets()
        self.backstage.end()
        self.generator.process_died()
        if not self.database.is_closed():
            self.database.close()
