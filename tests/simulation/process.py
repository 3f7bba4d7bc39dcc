import random
from collections.abc import Callable
from pathlib import Path

import peewee

from actors.placement import Dispatchers
from actors.system import System, World
from moca.core.content import Content
from moca.core.messages import Command
from moca.replies.generator import GenerationError, HandOver, NoReply, Reply, ReplyRequest
from moca.storage.database import open_database
from moca.storage.writer import Writer, Written
from tests.simulation.clockwork import Backstage, Clockwork, Stage, SteadyTimers
from tests.simulation.instagram import Instagram, Line
from tests.simulation.script import Figures, Generating, Script
from tests.simulation.trace import Trace


class DiedError(BaseException):
    """The process is no more."""


class BrokenGeneratorError(Exception):
    """Raised by a generator that keeps no promise."""


class Generator:
    """Makes replies that name what they answer, each different unless all are to be the same."""

    def __init__(self, script: Script, trace: Trace) -> None:
        self._same = script.figures.same_texts
        self._trace = trace
        self._lapses = {
            each.number: each for each in script.happenings if isinstance(each, Generating)
        }
        self.asked = 0
        self.faults = 0

    def reply(self, request: ReplyRequest, backstage: Backstage) -> Reply:
        self.asked += 1
        number = self.asked
        lapse = self._lapses.get(number) or Generating(number=number)
        self.faults += number in self._lapses
        mids = ",".join(message.mid for message in request.inputs)
        self._trace.tell(f"generation {number} for {mids}: {lapse.ends} in {lapse.seconds} s")
        if lapse.seconds:
            backstage.wait(lapse.seconds)
        if lapse.ends == "failed":
            raise GenerationError("no model answers")
        if lapse.ends == "broken":
            raise BrokenGeneratorError
        if lapse.ends == "declined":
            return NoReply("nothing to say")
        same = "This would be an AI generated message"
        content = Content(text=same if self._same else f"re {mids} #{number}")
        return HandOver("a person knows", content) if lapse.ends == "handed over" else content


class _Voice:
    needs_history = 0
    needs_name = False

    def __init__(self, generator: Generator, backstage: Backstage) -> None:
        self._generator = generator
        self._backstage = backstage

    def reply(self, request: ReplyRequest) -> Reply:
        return self._generator.reply(request, self._backstage)


class FragileWriter(Writer):
    """Writes as the real one does, unless the disk fails or the process dies after a commit."""

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
        self.system: System | None = None
        self.generator = Generator(script, trace)
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
        self.system = System(
            conversation=figures.conversation(),
            sender=figures.sender(),
            world=World(
                open_writer=lambda: FragileWriter(self._database, self),
                generator=_Voice(self.generator, backstage),
                connect=lambda: Line(self._instagram, backstage),
                draw=self._chance.random,
                observers=(self._observe,),
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
        if not self._database.is_closed():
            self._database.close()
