from datetime import timedelta

from actors.figures import FiguresDesk
from actors.timers import ManualTimers
from moca import clock
from moca.core.figures import Figure
from moca.core.messages.counting import RecordFigures
from moca.web.minutes import Minutes
from tests.making import NOON, at


def test_each_minute_is_handed_over_once_it_is_over_and_the_last_at_the_end(frozen) -> None:
    timers, minutes, told = ManualTimers(), Minutes(), []
    desk = FiguresDesk(minutes, told.append, timers)
    minutes.note("ack")
    frozen.move_to(at(61))
    minutes.note("reply")
    timers.advance_to(clock.now())

    ack = Figure(minute=NOON, name="ack", count=1)
    assert told == [RecordFigures((ack,), at(61))]

    desk.stop()
    reply = Figure(minute=NOON + timedelta(minutes=1), name="reply", count=1)
    assert told[1:] == [RecordFigures((reply,), at(61))]
    assert len(timers) == 0


def test_what_cannot_be_handed_over_is_kept(frozen) -> None:
    def refuse(_command: object) -> None:
        raise RuntimeError("too much waits")

    timers, minutes = ManualTimers(), Minutes()
    FiguresDesk(minutes, refuse, timers)
    minutes.note("ack")
    frozen.move_to(at(61))
    timers.advance_to(clock.now())

    assert [each.name for each in minutes.held()] == ["ack"]
    assert len(timers) == 1
