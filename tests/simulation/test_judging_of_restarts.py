"""Worlds with restarts in which nothing is wrong, though the simulation once said so."""

from tests.simulation.script import Dies, Sending, Writes
from tests.simulation.test_judging import ANNA, BEN, broken


def test_a_claim_that_died_uncalled_makes_its_contact_rest_after_the_restart() -> None:
    assert not broken(
        Writes(at=33.844, contact=ANNA, mid="m3", text="hello?", delays=(0.2, 0.3, 1.2)),
        Writes(at=6.049, contact=BEN, mid="m4", text="thanks"),
        Sending(number=1, arrives=None, answer="undelivered", answers=0.25, echoes=(40,)),
        Dies(at=27.059, steps=1, down=3),
        Dies(at=17.417, steps=1, after_commit=True, down=0.5),
        seed=7700000001368,
        settle=3,
        step_cost=0.02,
    )
