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
"""Seats come in swarms; one look at the database finds what waits in all of them."""


class PartitionSupervisor(SupervisorActor):
    """A supervisor of some partitions only: what is not of them never comes to life here."""

    def __init__(self, *, partition_of: Callable[[ContactKey], int], **neighbours: Any) -> None:
        super().__init__(**neighbours)
        self._partition_of = partition_of
        self._taken: set[int] = set()

    def on_receive(self, message: Any) -> Any:
        """Take or leave a partition; route all else."""
        match message:
            case SeatTaken(partition):
                self._taken.add(partition)
                self._sweep_soon()
            case SeatLeft(partition):
                self._leave(partition)
            case ContactChanged(contact):
                self._look_anew_at(contact)
            case _:
                return super().on_receive(message)
        return None

    def _bring_to_life(self, contact: ContactKey, first: MessageArrived | None = None) -> None:
        if self._partition_of(contact) in self._taken:
            super()._bring_to_life(contact, first)

    def _sweep_soon(self) -> None:
        self._paging_at = None
        self._next_sweep.set_to(clock.now() + _FOR_THE_OTHERS)

    def _leave(self, partition: int) -> None:
        self._taken.discard(partition)
        for contact in [each for each in self._live if self._partition_of(each) == partition]:
            self._live.pop(contact).ref.stop(block=False)

    def _look_anew_at(self, contact: ContactKey) -> None:
        live = self._live.pop(contact, None)
        if live is not None:
            live.ref.stop(block=False)
        self._bring_to_life(contact)
