from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from moca.core.messages.cluster import Fenced
from moca.core.partition import SENDER
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger


class Fencing:
    """Watches that at most one node acts for a seat: under its latest epoch, and none before it."""

    def __init__(self, ledger: Ledger, is_broken: Callable[[Invariant, str], None]) -> None:
        self._ledger = ledger
        self._is_broken = is_broken
        self._holders: dict[tuple[str, int], str] = {}
        """The nodes that took seats up, by seat and epoch."""
        self._latest: dict[str, int] = defaultdict(int)
        """The latest epoch of each seat under which a node began to act."""

    def took_up(self, node: str, seat: str, epoch: int) -> None:
        """Judge that a node begins to act for a seat."""
        holder = self._holders.setdefault((seat, epoch), node)
        if holder != node:
            what = f"{node} and {holder} act for {seat} under epoch {epoch}"
            self._is_broken(Invariant.ONE_NODE_A_SEAT, what)
        self._latest[seat] = max(epoch, self._latest[seat])

    def judge_call(self, node: str, epoch: int | None) -> None:
        """Judge a call by a node that takes itself for the sender under an epoch, or does not."""
        latest = self._latest[SENDER]
        holder = self._holders.get((SENDER, latest))
        if holder != node or epoch not in (None, latest):
            what = f"{node} calls under epoch {epoch} while {holder} sends under epoch {latest}"
            self._is_broken(Invariant.ONE_NODE_A_SEAT, what)

    def judge_write(self, node: str, commands: Sequence[Any], admitted: Sequence[Any]) -> None:
        """Judge what a node's writer is about to carry out, in its transaction."""
        fenced = [each for each in commands if isinstance(each, Fenced)]
        if not fenced:
            return
        epochs, carried_out = self._ledger.epochs(), set(map(id, admitted))
        for each in fenced:
            held = epochs.get(each.seat)
            if held != each.epoch and id(each.command) in carried_out:
                name = type(each.command).__name__
                what = f"{name} of {node} lands under epoch {each.epoch} of {each.seat}, not {held}"
                self._is_broken(Invariant.FENCED, what)
