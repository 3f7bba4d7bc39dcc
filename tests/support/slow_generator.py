"""Slow replies, on frozen time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.mailbox import MailboxConsumer
from moca import clock
from moca.core.content.content import Content
from moca.replies.generator import GeneratedReply, ReplyGenerator, ReplyRequest
from tests.support.system import SteppedSystem


class SlowGenerator:
    """Takes a fixed time for each reply, and records the requests."""

    needs_history = 0
    needs_name = False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[ReplyRequest] = []
        self.system: SlowSystem | None = None

    def reply(self, request: ReplyRequest) -> GeneratedReply:
        self.asked.append(request)
        assert self.system is not None
        self.system.waits(self.seconds)
        return GeneratedReply(Content(text=f"slow to {request.inputs[0].mid}"))

    def mids(self) -> list[str]:
        return [request.inputs[0].mid for request in self.asked]


class _Turn:
    """A turn in a greenlet of its own, which may wait while others continue."""

    def __init__(self, consumer: MailboxConsumer) -> None:
        self._consumer = consumer
        self.give_up = consumer.give_up
        self.abandon = consumer.abandon

    def run_turn(self, messages: int) -> None:
        greenlet(self._consumer.run_turn).switch(messages)


class _Aside:
    """Runs turns in greenlets."""

    def __init__(self, dispatcher: SteppingDispatcher) -> None:
        self._dispatcher = dispatcher
        self.expect = dispatcher.expect
        self.linger = dispatcher.linger
        self.report = dispatcher.report
        self.stop = dispatcher.stop

    def schedule(self, consumer: MailboxConsumer) -> None:
        self._dispatcher.schedule(_Turn(consumer))


class SlowSystem(SteppedSystem):
    """A Moca whose responders are occupied for as long as its slow generator takes."""

    def __init__(
        self,
        *args: Any,
        slow: SlowGenerator,
        generator: ReplyGenerator | None = None,
        **kwargs: Any,
    ) -> None:
        self.slow = slow
        slow.system = self
        self._waiting: list[greenlet] = []
        super().__init__(*args, generator=generator or slow, **kwargs)

    def dispatchers(self) -> Dispatchers:
        return replace(super().dispatchers(), responders=_Aside(self.dispatcher))

    def waits(self, seconds: float) -> None:
        """Suspend the current responder for this many seconds."""
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
