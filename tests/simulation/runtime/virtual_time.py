import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pykka
from greenlet import GreenletExit, getcurrent, greenlet

from actors.conversation import ConversationActor
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.mailbox import MailboxConsumer
from actors.runtime.supervision import Crash
from actors.runtime.timers import TimerEntry, TimerHeap
from moca.core.conversation.decide import SweepFound

BEGINNING = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Clockwork:
    """True time, what the machine's clock makes of it, and what is to happen when."""

    def __init__(self) -> None:
        self.true = BEGINNING
        self.ahead = timedelta()
        """What the machine's clock shows too much."""
        self.leapt = timedelta()
        """By how much it was set forward, all in all."""
        self.latest = BEGINNING
        """The latest that it showed before it was set back."""
        self.agenda: TimerHeap[datetime] = TimerHeap()

    @property
    def seconds(self) -> float:
        return (self.true - BEGINNING).total_seconds()

    def now(self) -> datetime:
        """Return the machine's time; stands in for `moca.clock.now`."""
        return self.true + self.ahead

    def pass_to(self, seconds: float) -> None:
        self.true = max(self.true, BEGINNING + timedelta(seconds=seconds))

    def spend(self, seconds: float) -> None:
        self.true += timedelta(seconds=seconds)

    def step(self, seconds: float) -> None:
        """Set the machine's clock forward or back."""
        self.latest = max(self.latest, self.now())
        self.leapt += timedelta(seconds=max(seconds, 0))
        self.ahead += timedelta(seconds=seconds)

    def after(self, seconds: float, do: Callable[[], None]) -> TimerEntry[datetime]:
        return self.agenda.add(self.true + timedelta(seconds=seconds), do)

    def do_due(self) -> bool:
        do = self.agenda.take_due(self.true)
        if do is not None:
            do()
        return do is not None


class SteadyTimers:
    """Timers of one life of the process, by true time once they are asked for."""

    def __init__(self, clockwork: Clockwork) -> None:
        self._clockwork = clockwork
        self.agenda: TimerHeap[datetime] = TimerHeap()

    def later(self, when: datetime, send: Callable[[], None]) -> TimerEntry[datetime]:
        wait = max(when - self._clockwork.now(), timedelta())
        return self.agenda.add(self._clockwork.true + wait, send)

    def steady(self) -> float:
        return self._clockwork.true.timestamp()

    def send_due(self) -> bool:
        send = self.agenda.take_due(self._clockwork.true)
        if send is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                send()
        return send is not None


class ActorCrashedError(Exception):
    """Raised in an actor as by a fault of its own."""


class _Doomed:
    """Has the actor raise at the first message of a turn."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self.give_up = actor.give_up
        self.abandon = actor.abandon

    def run_turn(self, messages: int) -> None:
        self._actor.on_receive = self._crash
        self._actor.run_turn(messages)

    def _crash(self, message: object) -> None:
        del self._actor.on_receive
        if isinstance(self._actor, ConversationActor) and not isinstance(message, SweepFound):
            # A fault of its own comes only after it has counted the message.
            self._actor._heard += 1
        raise ActorCrashedError


class StepDriver(SteppingDispatcher):
    """Steps every actor; keeps what crashed, for the oracle to judge."""

    def __init__(self, order: Random | None) -> None:
        super().__init__(order)
        self.crashes: list[Crash] = []
        self.doomed: str | None = None
        """The kind of actor that raises at the next message it takes."""

    def schedule(self, consumer: MailboxConsumer) -> None:
        super().schedule(self.doom(consumer))

    def doom(self, consumer: MailboxConsumer) -> MailboxConsumer:
        """Have an actor of the doomed kind raise at the next message it takes."""
        if type(consumer).__name__ != self.doomed:
            return consumer
        self.doomed = None
        return _Doomed(consumer)

    def report(self, crash: Crash) -> None:
        self.crashes.append(crash)


class Backstage:
    """Runs turns in greenlets, so that waiting for Instagram or a reply blocks no other actor."""

    def __init__(self, stage: StepDriver, clockwork: Clockwork) -> None:
        self._stage = stage
        self._clockwork = clockwork
        self._waiting: dict[int, greenlet] = {}
        self._count = 0
        self.expect = stage.expect
        self.linger = stage.linger
        self.report = stage.report
        self.stop = stage.stop

    @property
    def is_waiting(self) -> bool:
        """Whether any actor waits for Instagram or a reply."""
        return bool(self._waiting)

    def schedule(self, consumer: MailboxConsumer) -> None:
        self._stage.schedule(_Turn(self._stage.doom(consumer)))

    def wait(self, seconds: float) -> None:
        """Suspend the current actor for this many seconds."""
        self._count += 1
        number, me = self._count, getcurrent()
        self._waiting[number] = me
        self._clockwork.after(seconds, lambda: self._go_on(number))
        me.parent.switch()

    def end(self) -> None:
        """Cut short whatever waits: the process has died."""
        for waiting in tuple(self._waiting.values()):
            waiting.throw(GreenletExit)
        self._waiting.clear()

    def _go_on(self, number: int) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            self._waiting[-number] = waiting
            self._stage.schedule(_Resumption(self, -number))

    def resume(self, number: int) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting.switch()


class _Turn:
    def __init__(self, consumer: MailboxConsumer) -> None:
        self._consumer = consumer
        self.give_up = consumer.give_up
        self.abandon = consumer.abandon

    def run_turn(self, messages: int) -> None:
        greenlet(self._consumer.run_turn).switch(messages)


class _Resumption:
    def __init__(self, backstage: Backstage, number: int) -> None:
        self._backstage = backstage
        self._number = number

    def run_turn(self, messages: int) -> None:
        self._backstage.resume(self._number)

    def give_up(self, error: BaseException) -> None:
        pass

    def abandon(self) -> None:
        pass
