from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path

from moca.broker.parcel import SET_ASIDE, ParcelKind
from moca.core.messages.command import Done
from moca.core.messages.inbound import RecordWebhook
from moca.core.partition import SENDER
from moca.instagram.events import read_webhook
from tests.simulation.instagram.payloads import body_of, written
from tests.simulation.nodes.acknowledgements import Acknowledgements
from tests.simulation.nodes.cluster import SEATS, SimulatedCluster
from tests.simulation.nodes.epoch_watch import Fencing
from tests.simulation.nodes.incidents import NodeIncidents
from tests.simulation.nodes.node import POISON
from tests.simulation.nodes.script import PoisonArrives
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.simulation import Simulation
from tests.simulation.worlds.script import Script, Writes

_FREEZE_IS_KNOWN_WITHIN = timedelta(seconds=6)
"""By a heartbeat's answer, and for calls claimed before that, until the lease has run out."""
_HELD_WITHIN = timedelta(seconds=10)


class ClusterSimulation(Simulation):
    """One run of several nodes; what is judged of one process is judged of all of them together."""

    _PROCESS = SimulatedCluster
    _INCIDENTS = NodeIncidents

    process: SimulatedCluster
    incidents: NodeIncidents

    def __init__(self, script: Script, path: Path) -> None:
        super().__init__(script, path)
        self._carry_out |= {**self.incidents.carry_out, PoisonArrives: self._poison_arrives}
        self.oracle.control.notice = _FREEZE_IS_KNOWN_WITHIN
        self.process.broker.event_lost = self.incidents.event_lost
        self.process.fencing = Fencing(self.ledger, self.oracle.is_broken)
        self._poison: list[bytes] = []
        self._unheld_since: dict[str, datetime] = {}

    def _wire(self) -> None:
        super()._wire()
        self._acknowledgements = Acknowledgements(self.oracle, self.ledger)
        self.webhooks.acknowledged = self._acknowledgements.acknowledged

    def _hang_up(self) -> None:
        # Who waits for an answer of the node's hears none, and asks again in time.
        self.instagram.hangs_up(0.3 * self.script.settings.settle)

    def _after_step(self) -> None:
        super()._after_step()
        if self.process.has_committed:
            self.process.has_committed = False
            self._acknowledgements.look()
        self._judge_seats()

    def _judge_seats(self) -> None:
        now = self.clockwork.true
        for seat in SEATS:
            holders = self.process.holder(seat)
            is_held = len(holders) == 1 and (seat != SENDER or holders[0].seats.may_send())
            if is_held or not self.incidents.is_calm:
                self._unheld_since.pop(seat, None)
            elif now - self._unheld_since.setdefault(seat, now) > _HELD_WITHIN:
                names = [each.name for each in holders]
                self.oracle.is_broken(Invariant.SEATS_ARE_HELD, f"{seat} is held by {names}")

    def _is_at_rest(self) -> bool:
        if not self.incidents.is_calm or self._is_webhook_at_broker():
            return False
        # What the broker has no longer is on disk by now, or lost.
        self._acknowledgements.judge()
        return super()._is_at_rest()

    def _is_webhook_at_broker(self) -> bool:
        broker, nodes = self.process.broker, self.process.nodes.values()
        waiting = [
            parcel
            for seat in SEATS
            for parcel, _ in broker.queue(seat).waiting
            if parcel.kind is ParcelKind.WEBHOOK
        ]
        owed = [parcel for node in nodes for _, parcel in node.place.owed.values()]
        return bool(waiting) or any(parcel.kind is ParcelKind.WEBHOOK for parcel in owed)

    def _judge_the_end(self) -> None:
        self._acknowledgements.judge()
        aside = [parcel.body for parcel, _ in self.process.broker.queue(SET_ASIDE).waiting]
        for body in aside:
            if POISON not in body:
                what = "a webhook was set aside that could be stored"
                self.oracle.is_broken(Invariant.ONLY_POISON_IS_SET_ASIDE, what)
        for body in self._poison:
            if body not in aside:
                self.oracle.is_broken(
                    Invariant.ACKNOWLEDGED_IS_STORED, "a webhook that no row takes is nowhere"
                )
        super()._judge_the_end()

    def _poison_arrives(self, arrives: PoisonArrives) -> None:
        writes = Writes(at=arrives.at, contact=arrives.contact, mid=arrives.mid, text="")
        item = written(writes, self.clockwork.true, is_elsewhere=False)
        body = body_of([item]).replace(b'"message":', b'"%s":1,"message":' % POISON)
        receipt: Future[object] = Future()
        receipt.add_done_callback(lambda done: self._poison_taken(body, done))
        events = read_webhook(body, live=True)
        self.process.post(RecordWebhook(body, events, self.clockwork.now(), receipt=receipt))

    def _poison_taken(self, body: bytes, receipt: Future[object]) -> None:
        if receipt.exception() is None and receipt.result() == Done():
            self._poison.append(body)
