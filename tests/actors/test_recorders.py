from datetime import timedelta
from typing import NoReturn

from freezegun.api import FrozenDateTimeFactory

from actors.recorders import BudgetReporter, MetricsRecorder, SignatureRecorder
from actors.runtime.timers import ManualTimers
from actors.system import SystemOverloaded
from moca import clock
from moca.core.messages.housekeeping import RecordBudgetSpent, RecordMetrics
from moca.core.messages.inbound import RecordSignatureCheck
from moca.core.metrics import Metric
from moca.web.metrics.minutes import MinuteMetrics
from tests.support.factory import NOON, at
from tests.support.values import of_kind


def test_each_minute_is_handed_over_once_it_is_over_and_the_last_at_the_end(
    frozen: FrozenDateTimeFactory,
) -> None:
    told: list[object] = []
    timers, minutes = ManualTimers(), MinuteMetrics()
    desk = MetricsRecorder(minutes, told.append, timers)
    minutes.note("ack")
    frozen.move_to(at(61))
    minutes.note("reply")
    timers.advance_to(clock.now())

    ack = Metric(minute=NOON, name="ack", count=1)
    recorded = [of_kind(each, RecordMetrics) for each in told]
    assert [(each.metrics, each.at) for each in recorded] == [((ack,), at(61))]

    desk.stop()
    reply = Metric(minute=NOON + timedelta(minutes=1), name="reply", count=1)
    recorded = [of_kind(each, RecordMetrics) for each in told]
    assert [(each.metrics, each.at) for each in recorded[1:]] == [((reply,), at(61))]
    assert len({each.key for each in recorded}) == 2
    assert len(timers) == 0


def test_what_cannot_be_handed_over_is_kept(frozen: FrozenDateTimeFactory) -> None:
    def refuse(_command: object) -> None:
        raise RuntimeError("too much waits")

    timers, minutes = ManualTimers(), MinuteMetrics()
    MetricsRecorder(minutes, refuse, timers)
    minutes.note("ack")
    frozen.move_to(at(61))
    timers.advance_to(clock.now())

    assert [each.name for each in minutes.held()] == ["ack"]
    assert len(timers) == 1


def test_a_secret_is_noted_once_a_minute(frozen: FrozenDateTimeFactory) -> None:
    told: list[object] = []
    notes = SignatureRecorder(told.append)
    for seconds in (0, 1, 59, 60, 61):
        frozen.move_to(at(seconds))
        notes.note("first")
    notes.note("second")
    assert told == [
        RecordSignatureCheck("first", NOON),
        RecordSignatureCheck("first", at(60)),
        RecordSignatureCheck("second", at(61)),
    ]


def test_a_spent_budget_is_recorded_as_soon_as_there_is_something_to_record_it(
    frozen: FrozenDateTimeFactory,
) -> None:
    told: list[object] = []
    budget = BudgetReporter()
    budget.report("spent", NOON, "")
    budget.tell = told.append
    budget.report("spent again", at(1), "178")
    assert told == [RecordBudgetSpent("spent again", at(1), "178")]


def test_where_too_much_waits_it_is_let_go(frozen: FrozenDateTimeFactory) -> None:
    def refuse(_command: RecordSignatureCheck) -> NoReturn:
        raise SystemOverloaded("20000 messages wait for the persistence")

    SignatureRecorder(refuse).note("first")
