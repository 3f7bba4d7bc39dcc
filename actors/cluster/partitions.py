from collections.abc import Callable
from datetime import timedelta
from typing import Any

from actors.cluster.seats import SeatLeft, SeatTaken
from actors.supervisor import SupervisorActor
from moca import clock
from moca.core.messages.cluster import ContactChanged
from moca.core.messages.inbound import MessageArrived
from moca.core.types import ContactKey

_FOR_THE_OTHERS = timedelta(milliseconds=200)
"""Seats arrive in bursts; one query finds the waiting conversations of all of them."""


class PartitionSupervisor(SupervisorActor):
    """A supervisor of some partitions only; it loads no conversation of any other."""

    def __init__(
        self,
        *,
        partition_of: Callable[[ContactKey], int],
        holds: Callable[[ContactKey], bool],
        **neighbours: Any,
    ) -> None:
        super().__init__(**neighbours)
        self._partition_of = partition_of
        self._holds = holds

    def on_restart(self) -> None:
        """Leave what a lost message may have said is no longer this node's, then go on."""
        self._unload(lambda contact: not self._holds(contact))
        super().on_restart()

    def on_receive(self, message: object) -> object:
        """Take or release a partition; route everything else."""
        match message:
            case SeatTaken(partition):
                # Of what lives already, some may write under an earlier epoch.
                self._unload(lambda contact: self._partition_of(contact) == partition)
                self._sweep_soon()
            case SeatLeft(partition):
                self._unload(lambda contact: self._partition_of(contact) == partition)
            case ContactChanged(contact):
                self._reload(contact)
            case _:
                return super().on_receive(message)
        return None

    def _load(self, contact: ContactKey, first: MessageArrived | None = None) -> None:
        if self._holds(contact):
            super()._load(contact, first)

    def _sweep_soon(self) -> None:
        self._paging_at = None
        self._next_sweep.set_to(clock.now() + _FOR_THE_OTHERS)

    def _unload(self, is_affected: Callable[[ContactKey], bool]) -> None:
        for contact in [each for each in self._live if is_affected(each)]:
            self._live.pop(contact).ref.stop(block=False)

    def _reload(self, contact: ContactKey) -> None:
        live = self._live.pop(contact, None)
        if live is not None:
            live.ref.stop(block=False)
        self._load(contact)
