"""How many replies a generator made, by the journeys."""

from moca.core.messages.replies import RecordSteps
from moca.core.types import Stage, Step
from moca.storage.queries.history import count_made_by
from tests.storage.desk import Desk
from tests.support.factory import ANNA, BEN, at


def told(desk: Desk, message_id: int, outcome: str, detail: str, seconds: float = 0) -> None:
    step = Step(message_id, at(seconds), Stage.GENERATION, outcome, detail)
    desk.do(RecordSteps((step,)))


def test_what_a_generator_made_is_counted_for_each_contact(desk: Desk) -> None:
    anna, ben = desk.receive("m1"), desk.receive("m2", contact=BEN)
    told(desk, anna, "generated", "model: small-1", 1)
    told(desk, anna, "generated", "model: small-1, after rules: no rule matches", 2)
    told(desk, ben, "handed over", "model: the model asks for a person: complaint", 3)
    assert count_made_by("model", at(0)) == {ANNA: 2, BEN: 1}


def test_what_others_made_and_what_failed_is_not_counted(desk: Desk) -> None:
    anna = desk.receive("m1")
    told(desk, anna, "generated", "rules: rule 'prices'", 1)
    told(desk, anna, "generated", "fixed: fixed text, after model: it is down", 2)
    told(desk, anna, "failed", "model: it is down", 3)
    told(desk, anna, "generated", "model", 4)
    assert count_made_by("model", at(0)) == {}


def test_one_reply_to_several_messages_counts_once(desk: Desk) -> None:
    for mid in ("m1", "m2"):
        told(desk, desk.receive(mid), "generated", "model: small-1", 1)
    assert count_made_by("model", at(0)) == {ANNA: 1}


def test_only_what_was_made_since_then_counts(desk: Desk) -> None:
    anna = desk.receive("m1")
    for seconds in (0, 1, 2):
        told(desk, anna, "generated", "model: small-1", seconds)
    assert count_made_by("model", at(1)) == {ANNA: 2}
    assert count_made_by("model", at(3)) == {}
