"""Worlds with restarts in which nothing is wrong, though the simulation once said so."""

from moca.core.types import Priority
from tests.simulation.oracle_tests.test_false_alarms import ANNA, BEN, CARA, EVE, broken
from tests.simulation.worlds.script import (
    ActorCrashes,
    ClockSteps,
    Dies,
    DiskFails,
    Edits,
    Erases,
    LosesCommits,
    Operates,
    SenderCrashes,
    Sending,
    Writes,
)


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


def test_when_an_erased_contact_was_last_called_is_not_known_after_a_restart() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        Erases(at=7, contact=ANNA),
        Writes(at=7.5, contact=ANNA, mid="m2", text="hello?", kind="postback"),
        Dies(at=7.9, down=0.5),
        user_cooldown=30,
        erases=True,
    )


def test_an_orderly_stop_need_not_settle_what_an_earlier_run_left() -> None:
    assert not broken(
        Writes(at=45.141, contact=CARA, mid="m8", text="hi"),
        Writes(at=46.641, contact=CARA, mid="m9", text="thanks"),
        Dies(at=56.229, steps=21, after_commit=True, down=15),
        DiskFails(at=62.838, seconds=25),
        Dies(at=72.835, steps=8, orderly=True, down=15),
    )


def test_a_process_whose_sender_fails_for_good_ends_and_comes_up_again() -> None:
    crashes = [SenderCrashes(at=at) for at in (15.693, 22.584, 43.186, 51.321)]
    assert not broken(
        Writes(at=1.111, contact=ANNA, mid="m1", text="hi", delays=(2,)),
        Writes(at=7.972, contact=ANNA, mid="m2", text="are you open", kind="postback"),
        Writes(at=38.271, contact=CARA, mid="m3", text="hello?", delays=(2, 3)),
        Writes(at=42.271, contact=CARA, mid="m4", text="thanks", delays=(12,)),
        *crashes,
    )


def test_a_commit_whose_answer_is_lost_late_hides_what_it_stored_from_then_on() -> None:
    assert not broken(
        Writes(at=20.434, contact=ANNA, mid="m1", text="thanks", delays=(0.1,)),
        LosesCommits(at=60.838),
        Writes(at=62.962, contact=ANNA, mid="m2", text="where is my order", delays=(2,)),
        Writes(at=66.962, contact=ANNA, mid="m3", text="where is my order", delays=(0.5,)),
    )


def test_the_operator_is_not_made_impatient_by_a_clock_that_leaps() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        Sending(number=1, arrives=None, answer="unconfirmed"),
        ClockSteps(at=8, seconds=3600),
    )


def test_what_is_posted_again_after_the_last_event_of_a_run_is_waited_for() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        Dies(at=27, down=1),
        Operates(at=27.5, contact=ANNA, action="answer", text="answer 0", repeats=(5,)),
        Sending(number=2, arrives=5, answers=8),
        settle=3,
        idle=5,
    )


def test_a_contact_who_writes_on_after_an_erasure_may_edit_what_they_write() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi"),
        Erases(at=3, contact=ANNA),
        Writes(at=10, contact=ANNA, mid="m2", text="hi"),
        Operates(at=12, contact=ANNA, action="freeze"),
        Edits(at=30, contact=ANNA, mid="m2", text="hello"),
        Operates(at=70, contact=ANNA, action="release"),
        erases=True,
    )


def test_a_reply_whose_call_ended_as_moca_died_begins_a_cooldown_too() -> None:
    what = "what does it cost"
    assert not broken(
        Writes(at=30.78, contact=EVE, mid="m10", text="", kind="postback", payload="menu"),
        Writes(at=32.28, contact=EVE, mid="m11", text=what, kind="comment", delays=(0.2, 0.2, 1.2)),
        Writes(at=32.68, contact=EVE, mid="m12", text=what),
        Writes(at=34.18, contact=EVE, mid="m13", text="", type="image", delays=(12,)),
        Operates(at=44.621, contact=EVE, action="write", text="one", priority=Priority.LOW),
        Dies(at=54.511, steps=1, after_commit=True, down=3),
        seed=505141,
        debounce=0.5,
        cooldown=8,
        step_cost=0.002,
    )


def test_a_private_reply_that_died_uncalled_counts_for_its_hour() -> None:
    assert not broken(
        Writes(at=7.744, contact=ANNA, mid="m29", text="where is my order", delays=(2,)),
        Writes(at=5.188, contact=BEN, mid="m32", text="hi", kind="live_comment", delays=(2,)),
        Edits(at=11.744, contact=ANNA, mid="m29", text="never mind"),
        Dies(at=10.114, steps=21, down=0.5),
        seed=60011672,
        private_replies_per_hour=1,
    )


def test_a_subscriber_whose_progress_was_lost_gets_all_events_after_it_again() -> None:
    assert not broken(
        Writes(at=2.705, contact=ANNA, mid="m1", text="hello?", delays=(0.1,)),
        Writes(at=59.914, contact=CARA, mid="m11", text="stop", delays=(0.5,)),
        Writes(at=59.914, contact=CARA, mid="m12", text="hello?"),
        Writes(at=60.314, contact=CARA, mid="m13", text="hello?", delays=(0.1,)),
        Writes(at=60.714, contact=CARA, mid="m14", text="start", delays=(2, 8, 42)),
        Operates(at=23.318, contact=ANNA, action="close"),
        ActorCrashes(at=83.057, actor="PersistenceActor"),
        seed=800000229,
        subscribers=True,
    )
