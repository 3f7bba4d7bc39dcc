"""Replies that take their time to make, on frozen time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from actors.placement import Dispatchers
from moca import clock
from moca.core.content import Content
from moca.replies.generator import ReplyRequest, Say
from tests.house import House
from tests.simulation.clockwork import Backstage


class SlowGenerator:
    """Takes so many seconds for each reply, and keeps what it was asked."""

    needs_history = 0
    needs_name = False

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[ReplyRequest] = []
        self.backstage: Backstage | None = None

    def reply(self, request: ReplyRequest) -> Say:
        self.asked.append(request)
        self.backstage.wait(self.seconds)
        return Say(Content(text=f"slow to {request.inputs[0].mid}"))

    def mids(self) -> list[str]:
        return [request.inputs[0].mid for request in self.asked]


@dataclass
class _Later:
    """What `Backstage` wants of a clockwork."""

    house: House

    def after(self, seconds, do):
        self.house.timers.later(clock.now() + timedelta(seconds=seconds), do)


class SlowHouse(House):
    """A Moca whose responders are occupied for as long as `slow` takes."""

    def __init__(self, *args, slow: SlowGenerator, generator=None, **kwargs) -> None:
        self.slow = slow
        super().__init__(*args, generator=generator or slow, **kwargs)

    def dispatchers(self) -> Dispatchers:
        self.slow.backstage = Backstage(self.dispatcher, _Later(self))
        return replace(super().dispatchers(), responders=self.slow.backstage)

    def stop(self) -> None:
        self.slow.backstage.end()
        super().stop()

    def reached_at(self) -> list[datetime]:
        return [call.at for call in self.instagram.reached]
