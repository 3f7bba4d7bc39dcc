from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import peewee
from peewee import fn

from actors.background.jobs import BackgroundConfig
from actors.bots.published_bots import PublishedBots
from actors.cluster.seats import Seats
from actors.cluster.system import ClusterSystem, Member
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers
from moca.core.messages.command import Command
from moca.core.types import BotVersion
from moca.instagram.events import read_webhook
from moca.replies.generator import Reply, ReplyRequest
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.db.bot_tables import StoredBotVersion
from moca.storage.db.rows import read_rows
from moca.storage.unit_of_work import Batch
from moca.storage.writer import Written
from tests.simulation.nodes.broker import ScriptedPlace
from tests.simulation.nodes.graph_client import NodeGraphClient
from tests.simulation.runtime.bots import SimulatedBotFactory, bot_of
from tests.simulation.runtime.process import DiedError
from tests.simulation.runtime.virtual_time import Backstage, SteadyTimers, StepDriver
from tests.simulation.worlds.settings import RESPONDERS

if TYPE_CHECKING:
    from tests.simulation.nodes.cluster import SimulatedCluster

PARTITIONS = 4
POISON = b"no row takes this"


class _Voice:
    needs_history = 0
    needs_name = False

    def __init__(self, node: "SimulatedNode", bot: BotVersion) -> None:
        self._node = node
        self._generator = node.cluster.generator
        self._backstage = node.backstage
        self._bot = bot
        self._under_way: set[int] = set()

    def reply(self, request: ReplyRequest) -> Reply:
        self._node.judge_bot(request.contact.account_id, self._bot)
        number = len(self._generator.asked) + 1
        self._under_way.add(number)
        try:
            return self._generator.reply(request, self._backstage)
        finally:
            self._under_way.discard(number)

    def die(self) -> None:
        """Leave what is being made to the other nodes."""
        for number in self._under_way:
            self._generator.under_way.pop(number, None)


class NodeWriter(ClusterWriter):
    """Writes, unless the database is away, a row is poison, or the node dies after a commit."""

    def __init__(self, node: "SimulatedNode") -> None:
        policy = replace(
            node.cluster.settings.writer(),
            policy_of=node.bots.policy_of,
            refresh_bots=node.refresh_bots,
        )
        super().__init__(node.cluster.database, policy)
        self._node = node

    def apply(self, commands: Sequence[Command]) -> Written:
        node = self._node
        if node.has_no_database:
            raise peewee.OperationalError("server does not answer")
        if any(POISON in getattr(_bare(each), "body", b"") for each in commands):
            raise ValueError("a row that no table takes")
        written = super().apply(commands)
        node.cluster.has_committed = True
        if node.dies_after_commit:
            raise DiedError
        if node.loses_answers:
            node.loses_answers -= 1
            raise peewee.OperationalError("server closed the connection unexpectedly")
        return written

    def _admitted(self, batch: Batch, commands: Sequence[Any]) -> Sequence[Command]:
        admitted = super()._admitted(batch, commands)
        self._node.cluster.fencing.judge_write(self._node.name, commands, admitted)
        return admitted


class NodeSystem(ClusterSystem):
    """A node's actors; reports which seats they act for."""

    def __init__(self, *, took_up: Callable[[str, int], None], **parts: Any) -> None:
        self._took_up = took_up
        super().__init__(**parts)

    def take_up(self, seat: str) -> None:
        self._took_up(seat, self._seats.epochs[seat])
        super().take_up(seat)


class SimulatedNode:
    """One life of a node of the cluster, from its start to its end."""

    def __init__(self, cluster: "SimulatedCluster", name: str) -> None:
        clockwork = cluster.clockwork
        self.name = name
        self.cluster = cluster
        self.is_suspended = False
        self.has_no_database = 0
        """For how many reasons nothing can be written."""
        self.loses_answers = 0
        self.suspend_in_call: Callable[[], None] | None = None
        """Suspends the node as its next call begins."""
        self.dies_after_commit = False
        self.has_failed = False
        """Whether an actor past its restart budget has ended this life of the node."""
        self._kept: list[Callable[[], None]] = []
        """What its threads do once they run again."""
        self.stage = StepDriver(None if cluster.settings.in_order else cluster.chance)
        self.stage.crashes = cluster.stage.crashes
        self.backstage = Backstage(self.stage, clockwork)
        self.timers = SteadyTimers(clockwork)
        self.seats = Seats(PARTITIONS, monotonic=lambda: clockwork.seconds)
        self._voices: list[_Voice] = []
        self._published: dict[str, int] = {}
        """The versions in force at the last transaction, by bot."""
        self.bots = PublishedBots(SimulatedBotFactory(cluster.settings, self._voice_of))
        database = cluster.database
        with database.connection_context() if database.is_closed() else nullcontext():
            self.refresh_bots()
        self.system = self._start()

    @property
    def has_work(self) -> bool:
        """Whether there is anything to do at this instant."""
        return not self.is_suspended and bool(self.stage._ready)

    def when_awake(self, do: Callable[[], None]) -> None:
        """Do something on its threads: now, or once they run again."""
        if self.is_suspended:
            self._kept.append(do)
        else:
            do()

    def go_on(self) -> None:
        """Run again after a suspension."""
        self.is_suspended = False
        kept, self._kept = self._kept, []
        for do in kept:
            do()

    def refresh_bots(self) -> None:
        """Load what was published, and note what it was."""
        self.bots.refresh()
        newest = StoredBotVersion.select(StoredBotVersion.bot, fn.MAX(StoredBotVersion.number))
        self._published = dict(read_rows(newest.group_by(StoredBotVersion.bot)))

    def judge_bot(self, account_id: str, asked: BotVersion) -> None:
        """Judge which bot is asked for a reply."""
        if self.cluster.settings.has_bots:
            own = bot_of(account_id)
            self.cluster.bot_asked(account_id, own, asked, self._published.get(own, 0))

    def _voice_of(self, bot: BotVersion) -> _Voice:
        self._voices.append(_Voice(self, bot))
        return self._voices[-1]

    def end(self) -> None:
        """End as by kill -9: what is in memory is gone."""
        self.place.is_dead = True
        self.is_suspended = True
        self._kept.clear()
        for voice in self._voices:
            voice.die()
        self.backstage.end()

    def _start(self) -> NodeSystem:
        cluster = self.cluster
        return NodeSystem(
            took_up=lambda seat, epoch: cluster.took_up(self, seat, epoch),
            member=Member(
                node=self.name,
                address=f"http://{self.name}",
                seats=self.seats,
                open_broker=self._open_broker,
                read=lambda body, _signature: read_webhook(body, live=True, answer_comments=True),
            ),
            sender=cluster.settings.sender(),
            dependencies=Dependencies(
                open_writer=lambda: NodeWriter(self),
                bot_of=self.bots.of,
                responders=RESPONDERS,
                connect=self._connect,
                draw=cluster.chance.random,
                observers=(cluster.observe,),
                shows_typing=cluster.settings.shows_typing,
                escalate=self._fails,
                background=BackgroundConfig(
                    subscribers=cluster.subscribers.port(cluster.database, self.backstage)
                ),
            ),
            dispatchers=Dispatchers(
                shared=self.stage,
                responders=self.backstage,
                couriers=self.backstage,
                readers=self.backstage,
                persistence=self.stage,
            ),
            timers=self.timers,
        )

    def _fails(self, _error: BaseException) -> None:
        self.has_failed = True

    def _open_broker(self, tell: Callable[[Any], None]) -> ScriptedPlace:
        cluster = self.cluster
        self.place = ScriptedPlace(cluster.broker, tell, cluster.clockwork, self.when_awake)
        return self.place

    def _connect(self) -> NodeGraphClient:
        return NodeGraphClient(
            self.cluster.instagram,
            self.backstage,
            look_up_seconds=lambda: self.cluster.look_up_seconds(self),
            calls=lambda contact: self.cluster.calls(self, contact),
        )


def _bare(command: Any) -> Any:
    return getattr(command, "command", command)
