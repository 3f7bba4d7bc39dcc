"""Worlds in which Instagram's record is slow and nothing is wrong, though it was once said so."""

from moca.core.types import ContactKey
from tests.simulation.oracle_tests.test_false_alarms import ANNA, BEN, broken
from tests.simulation.worlds.script import (
    Erases,
    Operates,
    PassesThread,
    Reading,
    Sending,
    Writes,
)


def test_a_last_attempt_that_no_record_shows_in_time_may_fail_though_it_arrived() -> None:
    lost = [Sending(number=number, arrives=None, answer="unconfirmed") for number in (1, 2, 3, 4)]
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        *lost,
        Sending(number=5, arrives=0.1, answer="unconfirmed", echoes=(), recorded=60),
        settle=10,
    )


def test_a_resend_that_is_being_checked_occupies_the_only_courier() -> None:
    fred, gina = (ContactKey(ANNA.account_id, psid) for psid in ("p4", "p5"))
    assert not broken(
        Writes(at=15.91, contact=ANNA, mid="m5", text="what does it cost", delays=(0.2, 0.3)),
        Writes(at=2.268, contact=BEN, mid="m6", text="thanks", delays=(0.5,)),
        Writes(
            at=25.076, contact=fred, mid="m11", text="where is my order", delays=(0.1, 0.1, 1.1)
        ),
        Writes(at=2.889, contact=gina, mid="m12", text="are you open", delays=(0.1, 0.2)),
        Sending(
            number=2, arrives=None, answer="unconfirmed", echoes=(0.2, 0.2), recorded=8, wait=2
        ),
        Sending(number=7, arrives=None, answer="stopped", answers=2.2, echoes=(5,), recorded=5),
        *(Reading(number=number, seconds=0.1) for number in (1, 2)),
        *(Reading(number=number, seconds=0.5) for number in (3, 5)),
        Reading(number=7, seconds=8),
        Operates(at=21.705, contact=ANNA, action="answer", text="one"),
        Operates(at=35.811, contact=BEN, action="answer", text="two", repeats=(5, 30)),
        Operates(at=38.497, contact=ANNA, action="answer", text="three"),
        seed=30016598,
        couriers=1,
    )


def test_who_holds_the_thread_of_an_erased_contact_is_not_known_when_a_message_is_fetched() -> None:
    assert not broken(
        PassesThread(at=67.944, contact=BEN, is_ours=False, delays=(0.1,)),
        Writes(at=76.56, contact=BEN, mid="m6", text="where is my order", hint=3, delays=()),
        Erases(at=85.639, contact=BEN),
        seed=830003448,
    )
