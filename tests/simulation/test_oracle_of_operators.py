"""What operators are promised is broken on purpose here, and must be noticed."""

from dataclasses import replace

from moca.storage.operators import audit
from moca.storage.outbox import enqueue
from tests.simulation.drawing import draw_script
from tests.simulation.script import Operates, Script, Writes
from tests.simulation.test_oracle import found


def draw_answers(seed: int) -> Script:
    """Draw a run where an operator answers soon after each message, and posts it twice."""
    script = draw_script(seed)
    writes = [each for each in script.happenings if isinstance(each, Writes)]
    acts = [
        Operates(
            at=each.at + 3,
            contact=each.contact,
            action="answer",
            text=f"in time {number}",
            repeats=(0.5,),
        )
        for number, each in enumerate(writes[::2])
    ]
    return replace(script, happenings=(*script.happenings, *acts))


def test_a_request_that_is_carried_out_again_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(audit, "record_result", lambda *told: None)
    assert found(3, draw=draw_answers)


def test_an_answer_that_takes_nothing_over_is_noticed(monkeypatch) -> None:
    monkeypatch.setattr(enqueue, "take_over", lambda *told: None)
    assert found(7, draw=draw_answers)
