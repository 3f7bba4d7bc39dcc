from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from moca.core.types import ContactKey
from tests.simulation.nodes.cluster import SimulatedCluster
from tests.simulation.nodes.node import SimulatedNode
from tests.simulation.nodes.script import (
    BrokerStops,
    CannotPublish,
    LosesAnswers,
    LosesBroker,
    LosesDatabase,
    NodeDies,
    NodeIsSuspended,
    QueueStalls,
)
from tests.simulation.runtime.incidents import Incidents
from tests.simulation.runtime.process import DiedError

_SETTLED_AFTER = timedelta(seconds=20)
"""For the broker's heartbeats, the lease, and the node's next attempts to connect."""


class NodeIncidents(Incidents):
    """What befalls the nodes; until a little after the last of it, nothing has to go on."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        cluster: Any = self._process
        self._cluster: SimulatedCluster = cluster
        self._cluster.node_died = self._died
        self._cluster.sender_moved = self._sender_moved
        self._cluster.partition_moved = self._oracle.forgets
        self._amiss = 0
        self._amiss_since: datetime | None = None
        self._doomed: dict[str, int] = {}
        self._nodes_down: dict[str, NodeDies] = {}
        self.carry_out: dict[type, Callable[[Any], None]] = {
            NodeDies: self._dies,
            NodeIsSuspended: self._is_suspended,
            LosesBroker: self._loses_broker,
            CannotPublish: self._cannot_publish,
            BrokerStops: self._broker_stops,
            QueueStalls: self._queue_stalls,
            LosesDatabase: self._loses_database,
            LosesAnswers: self._loses_answers,
        }

    @property
    def is_calm(self) -> bool:
        """Whether nothing has been amiss for a while."""
        return not self._cluster.disk_fails

    def stepped(self) -> None:
        """Count one step nearer to the deaths that are due."""
        for name in tuple(self._doomed):
            self._doomed[name] -= 1
            if self._doomed[name] <= 0:
                del self._doomed[name]
                if name in self._cluster.nodes:
                    self._end(self._cluster.nodes[name])
        for node in tuple(self._cluster.nodes.values()):
            if node.has_failed:
                self._end(node)

    def actor_crashes(self, crashes: Any) -> None:
        super().actor_crashes(crashes)
        self._begins(f"{crashes.actor} crashes")
        self._clockwork.after(5, self._is_spared)

    def _is_spared(self) -> None:
        # An actor that was told nothing until then must not crash where the simulation asks it.
        for node in self._cluster.nodes.values():
            node.stage.doomed = None
        self._ends()

    def _dies(self, dies: NodeDies) -> None:
        node = self._cluster.node(dies.node)
        if node is None or (dies.orderly and node.is_suspended):
            return
        self._nodes_down[node.name] = dies
        if dies.after_commit:
            node.dies_after_commit = True
        elif dies.steps and not dies.orderly:
            self._doomed[node.name] = dies.steps
        else:
            self._end(node)

    def _end(self, node: SimulatedNode) -> None:
        dies = self._nodes_down.get(node.name)
        try:
            if dies is not None and dies.orderly:
                self._cluster.stop(node)
            else:
                self._cluster.kill(node, unnoticed=0 if dies is None else dies.unnoticed)
        except DiedError:
            self._cluster.kill(node)

    def _died(self, node: SimulatedNode) -> None:
        dies = self._nodes_down.pop(node.name, None) or NodeDies(at=0, node=0)
        self._doomed.pop(node.name, None)
        self.crashes += 1
        self._begins(f"{node.name} is down")
        others = {to for to, caller in self._cluster.calling.items() if caller is not node}
        self._forgets(others)
        self._hang_up()
        self._clockwork.after(dies.down, partial(self._cluster.open, node.name))
        self._ends_after(max(dies.down, dies.unnoticed))

    def _sender_moved(self, calling: set[ContactKey]) -> None:
        """What the sender before was told and did not write is forgotten; its calls are lost."""
        self._forgets(set())
        self._cluster.calling.clear()
        if calling:
            self._hang_up()

    def _forgets(self, still_called: set[ContactKey]) -> None:
        pace = self._oracle.pace
        under_way = pace.under_way & still_called
        self._oracle.died(self._amiss_since)
        pace.under_way |= under_way
        pace.up_since = self._clockwork.true
        self._loses_track()

    def _is_suspended(self, suspended: NodeIsSuspended) -> None:
        node = self._cluster.node(suspended.node)
        if node is None or node.is_suspended:
            return
        if suspended.in_call:
            node.suspend_in_call = partial(self._suspend, node, suspended)
        else:
            self._suspend(node, suspended)

    def _suspend(self, node: SimulatedNode, suspended: NodeIsSuspended) -> None:
        node.is_suspended = True
        self._begins(f"{node.name} is suspended for {suspended.seconds} s")
        if suspended.unnoticed < suspended.seconds:
            self._clockwork.after(suspended.unnoticed, node.place.forsake)
        self._clockwork.after(suspended.seconds, partial(self._goes_on, node))

    def _goes_on(self, node: SimulatedNode) -> None:
        self._trace.tell(f"{node.name} goes on")
        if not node.place.is_dead:
            node.go_on()
            node.place.learn()
        self._ends()

    def _loses_broker(self, loses: LosesBroker) -> None:
        node = self._cluster.node(loses.node)
        if node is None or not node.place.is_reachable:
            return
        place = node.place
        self._begins(f"{node.name} loses the broker for {loses.seconds} s")
        place.is_reachable, place.is_silent = False, True
        by_broker, by_node = loses.unnoticed
        self._clockwork.after(by_broker, place.forsake)
        self._clockwork.after(by_node, partial(node.when_awake, partial(self._notices, node)))
        self._clockwork.after(loses.seconds, partial(self._reaches_broker, node))

    def _notices(self, node: SimulatedNode) -> None:
        node.place.cut()

    def _reaches_broker(self, node: SimulatedNode) -> None:
        node.place.is_reachable = True
        self._ends()

    def _cannot_publish(self, cannot: CannotPublish) -> None:
        node = self._cluster.node(cannot.node)
        if node is None or not node.place.can_publish:
            return
        self._begins(f"{node.name} cannot publish for {cannot.seconds} s")
        node.place.can_publish = False
        node.when_awake(node.place.fail_unconfirmed)
        self._clockwork.after(cannot.seconds, partial(self._can_publish, node))

    def _can_publish(self, node: SimulatedNode) -> None:
        node.place.can_publish = True
        self._ends()

    def _broker_stops(self, stops: BrokerStops) -> None:
        cluster = self._cluster
        if not cluster.broker.is_up:
            return
        self._begins(f"the broker stops for {stops.seconds} s")
        cluster.broker.is_up = False
        for node in cluster.nodes.values():
            node.place.forsake()
            node.when_awake(node.place.learn)
        self._clockwork.after(stops.seconds, self._broker_starts)

    def _broker_starts(self) -> None:
        self._cluster.broker.is_up = True
        self._ends()

    def _queue_stalls(self, stalls: QueueStalls) -> None:
        self._begins(f"the queue of {stalls.seat} stalls for {stalls.seconds} s")
        self._cluster.broker.stall(stalls.seat, stalls.seconds)
        self._ends_after(stalls.seconds)

    def _loses_database(self, loses: LosesDatabase) -> None:
        cluster = self._cluster
        nodes = list(cluster.nodes.values())
        if loses.node is not None:
            nodes = [each for each in (cluster.node(loses.node),) if each is not None]
        names = ", ".join(each.name for each in nodes)
        self._begins(f"{names} can write nothing for {loses.seconds} s")
        for node in nodes:
            node.has_no_database += 1
        self._clockwork.after(loses.seconds, partial(self._finds_database, nodes))

    def _finds_database(self, nodes: list[SimulatedNode]) -> None:
        for node in nodes:
            node.has_no_database -= 1
        self._ends()

    def _loses_answers(self, loses: LosesAnswers) -> None:
        node = self._cluster.node(loses.node)
        if node is None:
            return
        self._begins(f"{node.name} hears nothing of {loses.count} commits")
        node.loses_answers = loses.count
        # What was stored then and not answered for is found by a sweep, out of its order.
        self._oracle.lost_events()
        self._ends_after(5)

    def event_lost(self) -> None:
        """Note that the broker kept no event of a node's for the one that it concerns."""
        self._liveness.lost_at = self._clockwork.true
        self._oracle.pace.lost_events()

    def _loses_track(self) -> None:
        """What was in memory is gone, and what another node was to hear it finds by a sweep."""
        self._oracle.losses.append(self._clockwork.now())
        self._oracle.pace.lost_events()
        self._oracle.forgets()

    def _begins(self, what: str) -> None:
        self._trace.tell(what)
        self.faults += 1
        self._amiss += 1
        self._amiss_since = self._amiss_since or self._clockwork.true
        self._cluster.disk_fails = True
        self._loses_track()

    def _ends_after(self, seconds: float) -> None:
        self._clockwork.after(seconds, self._ends)

    def _ends(self) -> None:
        self._amiss -= 1
        self._loses_track()
        if not self._amiss:
            self._clockwork.after(_SETTLED_AFTER.total_seconds(), self._settles)
            self._settling_at = self._clockwork.true + _SETTLED_AFTER

    def _settles(self) -> None:
        if self._amiss or self._clockwork.true < self._settling_at:
            return
        self._cluster.disk_fails = False
        self._amiss_since = None
        self._loses_track()
        self._oracle.pace.up_since = self._clockwork.true
        self._liveness.restarted()
        self._liveness.lost_at = self._clockwork.true
