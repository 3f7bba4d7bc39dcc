from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from moca.broker.parcel import TOKEN, BrokerLost, DeliveryTag, Parcel, ParcelKind
from tests.cluster.broker import PREFETCH, StandInBroker, StandInConnection
from tests.simulation.nodes.script import Publishing
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.script import Script

_CONFIRMED_WITHIN = 0.004
_CONNECTS_WITHIN = 0.02
_TRIES_AGAIN_AFTER = 0.5


class ScriptedBroker(StandInBroker):
    """Keeps RabbitMQ's promises; what it is free to do, it does as the script says."""

    def __init__(self, script: Script, clockwork: Clockwork, chance: Random) -> None:
        super().__init__()
        self._publishings = {
            each.number: each for each in script.happenings if isinstance(each, Publishing)
        }
        self._clockwork = clockwork
        self._chance = chance
        self._published = 0
        self._stalled: set[str] = set()
        self.event_lost: Callable[[], None] = lambda: None
        self.faults = 0

    def next_publishing(self) -> Publishing:
        """Return how the next parcel fares."""
        self._published += 1
        usual = self._chance.random() * _CONFIRMED_WITHIN
        scripted = self._publishings.get(self._published)
        self.faults += scripted is not None
        return scripted or Publishing(number=self._published, confirmed=usual)

    def stall(self, seat: str, seconds: float) -> None:
        """Deliver nothing of a queue for a while."""
        self._stalled.add(seat)
        self._clockwork.after(seconds, lambda: self._stalled.discard(seat))

    def step(self) -> bool:
        """Deliver one parcel of any queue; return whether there was one."""
        ready = [seat for seat in self.queues if self._can_deliver(seat)]
        if not ready:
            return False
        queue = self.queues[seat := self._chance.choice(ready)]
        place, term = queue.line[0]
        parcel, came_before = queue.waiting.popleft()
        place.hand_over(seat, term, parcel, came_before)
        return True

    def _can_deliver(self, seat: str) -> bool:
        queue = self.queues[seat]
        if not (self.is_up and queue.line and queue.waiting) or seat in self._stalled:
            return False
        place = queue.line[0][0]
        return len(place.owed_of(seat)) < PREFETCH


class ScriptedPlace(StandInConnection):
    """One node's connections to the broker: they are opened again, and each side may not notice.

    `is_awake` says whether the node's threads run; `when_awake` keeps what they do for later.
    """

    _broker: ScriptedBroker

    def __init__(
        self,
        broker: ScriptedBroker,
        tell: Callable[[Any], None],
        clockwork: Clockwork,
        when_awake: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(broker, tell)
        self._clockwork = clockwork
        self._when_awake = when_awake
        self._publishings = count(1)
        self._unconfirmed: dict[int, Callable[[bool], None]] = {}
        self._is_wanted = True
        self._is_noticed = True
        self._is_connecting = False
        self.is_dead = False
        self.is_silent = False
        """Whether what either side sends is lost, and neither knows yet."""
        self.is_reachable = True
        self.can_publish = True

    def start(self) -> None:
        self._connect_later(_CONNECTS_WITHIN)

    def stop(self) -> None:
        self._is_wanted = False
        self.cut()

    def join(self) -> None:
        self._is_wanted = True
        self._connect_later(_CONNECTS_WITHIN)

    def leave(self) -> None:
        self._is_wanted = False
        self.cut()

    def cut(self) -> None:
        """Lose the connections; both sides know."""
        self.forsake()
        self.learn()

    def forsake(self) -> None:
        if self.is_open:
            self._is_noticed = False
            super().forsake()

    def learn(self) -> None:
        """Notice that the connections were lost, if they were."""
        self.is_silent = False
        self.fail_unconfirmed()
        if not self._is_noticed and not self.is_dead:
            self._is_noticed = True
            self._tell(BrokerLost())
            self._connect_later(_TRIES_AGAIN_AFTER)

    def fail_unconfirmed(self) -> None:
        """Report every unconfirmed publication as failed; it may have arrived all the same."""
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        for confirm in unconfirmed.values():
            confirm(False)

    def put(self, seat: str, parcel: Parcel, confirm: Callable[[bool], None]) -> None:
        takes_itself_for_connected = self.is_open or not self._is_noticed
        if not (takes_itself_for_connected and self.can_publish):
            confirm(False)
            return
        number = next(self._publishings)
        self._unconfirmed[number] = confirm
        course = self._broker.next_publishing()
        is_kept = course.is_kept and self.is_open and self._broker.is_up and not self.is_silent
        if is_kept:
            self._broker.queue(seat).waiting.append((parcel, False))
        elif parcel.kind is ParcelKind.EVENT:
            self._broker.event_lost()
        if course.confirmed is not None and not self.is_silent:
            self._clockwork.after(
                course.confirmed,
                lambda: self._when_awake(lambda: self._confirm(number, is_kept=is_kept)),
            )

    def put_token(self, seat: str) -> None:
        if self.is_open and not self.is_silent:
            self._broker.queue(seat).waiting.append((TOKEN, False))

    def subscribe(self, seat: str, term: int) -> None:
        if not self.is_silent:
            super().subscribe(seat, term)

    def unsubscribe(self, seat: str, term: int) -> None:
        if not self.is_silent:
            super().unsubscribe(seat, term)

    def accept(self, tag: DeliveryTag) -> None:
        if not self.is_silent:
            super().accept(tag)

    def refuse(self, tag: DeliveryTag) -> None:
        if not self.is_silent:
            super().refuse(tag)

    def hand_over(self, seat: str, term: int, parcel: Parcel, came_before: bool) -> None:
        tell = self._tell
        if self.is_dead or self.is_silent:
            self._tell = lambda delivered: None
        super().hand_over(seat, term, parcel, came_before)
        self._tell = tell

    def _confirm(self, number: int, *, is_kept: bool) -> None:
        confirm = self._unconfirmed.pop(number, None)
        if confirm is not None and not self.is_dead:
            confirm(is_kept)

    def _connect_later(self, seconds: float) -> None:
        if not self._is_connecting:
            self._is_connecting = True
            self._clockwork.after(seconds, lambda: self._when_awake(self._connect))

    def _connect(self) -> None:
        self._is_connecting = False
        if self.is_dead or self.is_open or not self._is_wanted:
            return
        if self.is_reachable and self._broker.is_up and self._is_noticed:
            super().join()
        else:
            self._connect_later(_TRIES_AGAIN_AFTER)
