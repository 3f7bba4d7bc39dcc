import random
from collections.abc import Callable
from pathlib import Path

import peewee

from actors.dependencies import World
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import Dispatchers
from actors.system import System
from moca.core.conversation.decide import OfDraft
from moca.core.messages import Command
from moca.replies.generator import Reply, ReplyRequest
from moca.storage.db.connection import open_database
from moca.storage.writer import Writer, Written
from tests.simulation.clockwork import Backstage, Clockwork, Stage, SteadyTimers
from tests.simulation.figures import RESPONDERS, Figures
from tests.simulation.generator import Generator
from tests.simulation.instagram import Instagram
from tests.simulation.line import Line
from tests.simulation.script import Script
from tests.simulation.trace import Trace


class DiedError(BaseException):
    """The process is no more."""


class _Voice:
    needs_history = 0
    needs_name = False

    def __init__(self, generator: Generator, backstage: Backstage) -> None:
        self._generator = generator
        self._backstage = backstage

    def reply(self, request: ReplyRequest) -> Reply:
        return self._generator.reply(request, self._backstage)


class LossySystem(System):
    """Loses what is told between its actors while the process is said to.

    What a responder tells its conversation never leaves their process, and is not lost.
    """

    process: "Process"

    def _whom(self, event: object) -> Ref | None:
        is_lost = not isinstance(event, OfDraft) and self.process.loses_event()
        return None if is_lost else super()._whom(event)


class FragileWriter(Writer):
    """Writes as the real one does, unless the disk fails or the process dies after a commit.

    A commit's answer may be lost, as when the connection to a database server breaks.
    """

    def __init__(self, database: peewee.Database, process: "Process") -> None:
        super().__init__(database, process.figures.writer())
        self._process = process

    def apply(self, commands: list[Command]) -> Written:
        if self._process.disk_fails:
            raise peewee.OperationalError("disk I/O error")
        written = super().apply(commands)
        if self._process.dies_after_commit:
            self._process.dies_after_commit = False
            raise DiedError
        if self._process.loses_commits:
            self._process.loses_commits -= 1
            raise peewee.OperationalError("server closed the connection unexpectedly")
        return written


class Process:
    """Moca's process: comes up, dies, comes up again on the same database."""

    def __init__(
        self,
        path: Path,
        script: Script,
        clockwork: Clockwork,
        instagram: Instagram,
        trace: Trace,
        observe: Callable[[object], None],
    ) -> None:
        self.figures: Figures = script.figures
        self.disk_fails = False
        self.dies_after_commit = False
        self.loses_one_event_in = 0
        """1 if all are lost, 0 if none is."""
        self._events = 0
        self.loses_commits = 0
        """Whose answers are lost, of the commits to come."""
        self.system: System | None = None
        self.generator = Generator(script, clockwork, trace)
        self._chance = random.Random(script.seed)
        self._clockwork = clockwork
        self._instagram = instagram
        self._trace = trace
        self._observe = observe
        self._database = open_database(f"sqlite:///{path}")

    def start(self) -> None:
        figures, clockwork = self.figures, self._clockwork
        self.stage = stage = Stage(None if figures.in_order else self._chance)
        self.backstage = backstage = Backstage(stage, clockwork)
        self.timers = SteadyTimers(clockwork)
        self._trace.tell("Moca starts")
        self.loses_commits = 0
        self.system = LossySystem(
            conversation=figures.conversation(),
            sender=figures.sender(),
            world=World(
                open_writer=lambda: FragileWriter(self._database, self),
                generator=_Voice(self.generator, backstage),
                responders=RESPONDERS,
                connect=lambda: Line(self._instagram, backstage),
                draw=self._chance.random,
                observers=(self._observe,),
                shows_typing=figures.shows_typing,
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
        return self.system is not None and not self.system.live_conversations()

    def post(self, command: Command) -> bool:
        """Hand in a command; tell whether anybody was there to take it."""
        if self.system is None:
            return False
        self.system.tell(command)
        return True

    def step(self) -> bool:
        return self.system is not None and self.stage.step()

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
        return self._chance.random() * self.figures.step_cost

    def _end(self) -> None:
        self.system = None
        self.backstage.end()
        self.generator.process_died()
        if not self._database.is_closed():
            self._database.close()
