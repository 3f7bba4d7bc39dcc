from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

from moca.core.messages.command import Command
from moca.core.partition import SENDER, seat_of
from moca.core.types import BotVersion, ContactKey
from moca.storage.db.connection import open_database
from tests.simulation.instagram.instagram import SimulatedInstagram
from tests.simulation.nodes.broker import ScriptedBroker
from tests.simulation.nodes.epoch_watch import Fencing
from tests.simulation.nodes.node import PARTITIONS, NodeSystem, SimulatedNode
from tests.simulation.nodes.script import SENDING, TokenLookup
from tests.simulation.runtime.bots import give_bots
from tests.simulation.runtime.generator import Generator
from tests.simulation.runtime.process import DiedError
from tests.simulation.runtime.subscribers import SimulatedSubscribers
from tests.simulation.runtime.virtual_time import Clockwork, StepDriver
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import Script

_MOMENT = 0.001
SEATS = (*map(seat_of, range(PARTITIONS)), SENDER)


class SimulatedCluster:
    """Several nodes over one database and one broker; the simulation steps it as one process."""

    fencing: Fencing
    sender_moved: Callable[[set[ContactKey]], None]
    """Called with the contacts a former sender may still be calling at a change of sender."""
    partition_moved: Callable[[], None]
    node_died: Callable[[SimulatedNode], None]
    bot_asked: Callable[[str, str, BotVersion, int], None]
    """Called with an account, the name of its bot, the bot that is asked for a reply, and the
    version that the node knows to be in force."""

    def __init__(
        self,
        path: Path,
        script: Script,
        clockwork: Clockwork,
        instagram: SimulatedInstagram,
        trace: Trace,
        observe: Callable[[object], None],
    ) -> None:
        self.settings = script.settings
        self.clockwork = clockwork
        self.instagram = instagram
        self.observe = observe
        self.chance = Random(script.seed)
        self.trace = trace
        self.stage = StepDriver(None)
        """Collects what crashed on every node."""
        self.generator = Generator(script, clockwork, trace)
        self.subscribers = SimulatedSubscribers(script)
        self.broker = ScriptedBroker(script, clockwork, self.chance)
        self.database = open_database(f"sqlite:///{path}")
        self.names = [f"n{number}" for number in range(script.nodes)]
        self.nodes: dict[str, SimulatedNode] = {}
        self.has_committed = False
        self.disk_fails = False
        """Whether so much is amiss that nothing has to go on."""
        self.calling: dict[ContactKey, SimulatedNode] = {}
        self._lookups = {
            each.number: each.seconds for each in script.happenings if isinstance(each, TokenLookup)
        }
        self._looked_up = 0
        self._accounts = {
            each.contact.account_id for each in script.happenings if hasattr(each, "contact")
        }

    def start(self) -> None:
        if self.settings.has_bots and self._accounts:
            give_bots(self.database, self._accounts, self.settings)
        self.subscribers.subscribe(self.database)
        for name in self.names:
            self.open(name)

    def open(self, name: str) -> None:
        """Start a node, unless it is up."""
        if name not in self.nodes:
            self.trace.tell(f"{name} starts")
            self.nodes[name] = SimulatedNode(self, name)

    def node(self, number: int) -> SimulatedNode | None:
        """Return a node by its number, or the one that sends; None where it is down."""
        if number == SENDING:
            return next(iter(self.holder(SENDER)), None)
        return self.nodes.get(self.names[number % len(self.names)])

    def holder(self, seat: str) -> list[SimulatedNode]:
        """Return the nodes that take themselves for a seat's holder."""
        return [each for each in self.nodes.values() if seat in each.seats.epochs]

    @property
    def system(self) -> NodeSystem | None:
        """The actors of a node; None where every node is down."""
        return next((each.system for each in self.nodes.values()), None)

    @property
    def is_idle(self) -> bool:
        """Whether it is up and holds no conversation in memory."""
        return all(not each.system.live_conversations() for each in self.nodes.values())

    @property
    def is_waiting(self) -> bool:
        """Whether any actor waits for Instagram or a reply."""
        return any(each.backstage.is_waiting for each in self.nodes.values())

    def post(self, command: Command) -> bool:
        """Hand in a command at any node; return whether any was there to take it."""
        if not self.nodes:
            return False
        node = self.chance.choice(list(self.nodes.values()))
        self.trace.tell(f"   at {node.name}: {type(command).__name__}")
        node.when_awake(lambda: node.system.tell(command))
        return True

    def step(self) -> bool:
        """Run one step of one node or of the broker; return whether there was any."""
        movers: list[SimulatedNode | ScriptedBroker] = [self.broker]
        movers += [each for each in self.nodes.values() if each.has_work]
        self.chance.shuffle(movers)
        return any(self._steps(each) for each in movers)

    def send_due(self) -> bool:
        return any(each.timers.send_due() for each in self._awake())

    def next_due(self) -> datetime | None:
        nearest = (each.timers.agenda.next_at() for each in self._awake())
        return min((each for each in nearest if each is not None), default=None)

    def step_cost(self) -> float:
        return self.chance.random() * self.settings.step_cost

    def crashes(self, actor: str) -> None:
        """Have an actor of this class, on any node that has it, raise at its next message."""
        nodes = self.holder(SENDER) if actor == "SenderActor" else list(self.nodes.values())
        if nodes:
            node = self.chance.choice(nodes)
            self.trace.tell(f"{actor} of {node.name} is about to crash")
            node.stage.doomed = actor

    def kill(self, node: SimulatedNode, *, unnoticed: float = 0) -> None:
        """End a node as by kill -9, or loss of power, which the broker takes a while to notice."""
        self.trace.tell(f"{node.name} dies")
        del self.nodes[node.name]
        self.node_died(node)
        node.end()
        self.clockwork.after(unnoticed, node.place.forsake)
        self.calling = {to: each for to, each in self.calling.items() if each is not node}

    def stop(self, node: SimulatedNode) -> None:
        """End a node in order, as far as calls that hang allow."""
        self.trace.tell(f"{node.name} stops")
        node.system.stop()
        self.kill(node)

    def die(self) -> None:
        """End all of it."""
        for node in tuple(self.nodes.values()):
            self.kill(node)
        if not self.database.is_closed():
            self.database.close()

    def took_up(self, node: SimulatedNode, seat: str, epoch: int) -> None:
        """Note that a node begins to act for a seat."""
        self.trace.tell(f"   {node.name} acts for {seat} under epoch {epoch}")
        self.fencing.took_up(node.name, seat, epoch)
        if seat == SENDER:
            self.sender_moved(set(self.calling))
        elif epoch > 1:
            self.partition_moved()

    def calls(self, node: SimulatedNode, contact: ContactKey) -> None:
        """Note that a node calls Instagram."""
        self.trace.tell(f"   {node.name} calls")
        self.fencing.judge_call(node.name, node.seats.epochs.get(SENDER))
        self.calling[contact] = node

    def look_up_seconds(self, node: SimulatedNode) -> float:
        """Return how long the look-up of a token takes, with which a node's next call begins."""
        self._looked_up += 1
        if node.suspend_in_call is not None:
            suspend, node.suspend_in_call = node.suspend_in_call, None
            suspend()
            return _MOMENT
        return self._lookups.get(self._looked_up, 0)

    def _awake(self) -> list[SimulatedNode]:
        return [each for each in self.nodes.values() if not each.is_suspended]

    def _steps(self, mover: SimulatedNode | ScriptedBroker) -> bool:
        if isinstance(mover, ScriptedBroker):
            return mover.step()
        try:
            return mover.stage.step()
        except DiedError:
            self.kill(mover)
            return True
