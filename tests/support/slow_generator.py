"""Replies that take their time to make, on frozen time."""

from dataclasses import replace
from datetime import datetime, timedelta

from greenlet import GreenletExit, getcurrent, greenlet

from actors.runtime.dispatchers import Dispatchers
from moca import clock
from moca.core.content.content import Content
from moca.replies.generator import ReplyRequest, Say
from tests.support.system import House


class SlowGenerator:
    """Takes so many seconds for each reply, and keeps what it was asked."""

    needs_history = 0
    needs_name = False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[ReplyRequest] = []
        self.house: SlowHouse | None = None

    def reply(self, request: ReplyRequest) -> Say:
        self.asked.append(request)
        self.house.waits(self.seconds)
        return Say(Content(text=f"slow to {request.inputs[0].mid}"))

    def mids(self) -> list[str]:
        return [request.inputs[0].mid for request in self.asked]


class _Turn:
    """A turn in a greenlet of its own, which may wait while others go on."""

    def __init__(self, consumer) -> None:
        self._consumer = consumer
        self.give_up = consumer.give_up
        self.abandon = consumer.abandon

    def run_turn(self, messages: int) -> None:
        greenlet(self._consumer.run_turn).switch(messages)


class _Aside:
    """Gives turns in greenlets."""

    def __init__(self, dispatcher) -> None:
        self._dispatcher = dispatcher
        self.expect = dispatcher.expect
        self.report = dispatcher.report
        self.stop = dispatcher.stop

    def schedule(self, consumer) -> None:
        self._dispatcher.schedule(_Turn(consumer))


class SlowHouse(House):
    """A Moca whose responders are occupied for as long as its slow generator takes."""

    def __init__(self, *args, slow: SlowGenerator, generator=None, **kwargs) -> None:
        self.slow = slow
        slow.house = self
        self._waiting: list[greenlet] = []
        super().__init__(*args, generator=generator or slow, **kwargs)

    def dispatchers(self) -> Dispatchers:
        return replace(super().dispatchers(), responders=_Aside(self.dispatcher))

    def waits(self, seconds: float) -> None:
        """Let the responder whose turn it is go on only after so many seconds."""
        me = getcurrent()
        self._waiting.append(me)
        self.timers.later(clock.now() + timedelta(seconds=seconds), lambda: self._go_on(me))
        me.parent.switch()

    def stop(self) -> None:
        while self._waiting:
            self._waiting.pop().throw(GreenletExit)
        super().stop()

    def reached_at(self) -> list[datetime]:
        return [call.at for call in self.instagram.reached]

    def _go_on(self, waiting: greenlet) -> None:
        self._waiting.remove(waiting)
        waiting.switch()
