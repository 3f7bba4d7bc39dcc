from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import timedelta

from actors.dispatchers import SteppingDispatcher
from actors.persistence import PersistenceActor
from actors.timers import ManualTimers
from moca.core.messages import Command, RecordWebhook
from moca.storage.writer import Written
from tests.making import at


class Dispatcher(SteppingDispatcher):
    """Steps, and has something happen while a turn is drawn out."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], None]] = []

    def linger(self, span: timedelta) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()


class Writer:
    """Notes how many commands it is given at a time."""

    def __init__(self) -> None:
        self.commits: list[int] = []

    def apply(self, commands: Sequence[Command]) -> Written:
        self.commits.append(len(commands))
        return Written((), ())


def webhook() -> RecordWebhook:
    return RecordWebhook(b"{}", (), at(0), Future())


def test_after_a_crowds_commit_the_next_waits_for_as_many_as_are_on_their_way() -> None:
    writer, dispatcher = Writer(), Dispatcher()
    persistence = PersistenceActor.start_on(
        dispatcher, open_writer=lambda: writer, notify=print, timers=ManualTimers()
    )
    for _ in range(8):
        persistence.tell(webhook())
    dispatcher.run_until_idle()
    dispatcher.meanwhile = [lambda: persistence.tell(webhook())] * 3
    persistence.tell(webhook())
    dispatcher.run_until_idle()
    assert writer.commits == [8, 4]


def test_where_few_wait_a_commit_waits_for_nobody() -> None:
    writer, dispatcher = Writer(), Dispatcher()
    persistence = PersistenceActor.start_on(
        dispatcher, open_writer=lambda: writer, notify=print, timers=ManualTimers()
    )
    dispatcher.meanwhile = [lambda: persistence.tell(webhook())]
    persistence.tell(webhook())
    dispatcher.run_until_idle()
    assert writer.commits == [1]
