from datetime import timedelta

from actors.recorders import FiguresDesk, SigningNotes
from actors.runtime.timers import ManualTimers
from actors.system import Overloaded
from moca import clock
from moca.core.messages.housekeeping import RecordFigures
from moca.core.messages.inbound import NoteSigning
from moca.core.metrics import Figure
from moca.web.metrics.minutes import Minutes
from tests.support.factory import NOON, at


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


def test_a_secret_is_noted_once_a_minute(frozen):
    told = []
    notes = SigningNotes(told.append)
    for seconds in (0, 1, 59, 60, 61):
        frozen.move_to(at(seconds))
        notes.note("first")
    notes.note("second")
    assert told == [
        NoteSigning("first", NOON),
        NoteSigning("first", at(60)),
        NoteSigning("second", at(61)),
    ]


def test_where_too_much_waits_it_is_let_go(frozen):
    def refuse(_command):
        raise Overloaded("20000 messages wait for the persistence")

    SigningNotes(refuse).note("first")
