from tests.simulation.oracle_tests.test_false_alarms import ANNA, broken
from tests.simulation.worlds.script import Unsends, Writes


def test_a_repeat_of_what_was_a_repeat_until_that_was_unsent_is_answered_with_it() -> None:
    text = "what does it cost"
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        Writes(at=5, contact=ANNA, mid="m2", text=text),
        Writes(at=5.3, contact=ANNA, mid="m3", text=text),
        Writes(at=15.1, contact=ANNA, mid="m4", text=text),
        Unsends(at=17, contact=ANNA, mid="m2"),
        dedup=10,
        cooldown=30,
        debounce=0.5,
    )
