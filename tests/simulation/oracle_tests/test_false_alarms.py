"""Worlds in which nothing is wrong, though the simulation once said so."""

from typing import Any

from moca.core.types import ContactKey, Priority
from tests.simulation.oracle.invariants import Broken
from tests.simulation.run import run
from tests.simulation.worlds.draw import draw_plain_script, draw_script
from tests.simulation.worlds.script import (
    AnswersByHand,
    ClockSteps,
    Dies,
    Edits,
    Generating,
    Operates,
    PassesThread,
    Reading,
    Script,
    SenderCrashes,
    Sending,
    Unsends,
    Writes,
)
from tests.simulation.worlds.settings import WorldSettings

ANNA = ContactKey("17841400000000001", "p1")
BEN = ContactKey("17841400000000001", "p2")
CARA = ContactKey("17841400000000001", "p3")
DAN = ContactKey("17841400000000002", "p4")
EVE = ContactKey("17841400000000002", "p5")


def broken(*happenings: object, seed: int = 0, **settings: Any) -> tuple[Broken, ...]:
    return run(Script(seed, WorldSettings(**settings), happenings)).broken


def test_an_edit_in_a_thread_that_another_app_holds_is_told_to_a_bystander() -> None:
    assert not broken(
        PassesThread(at=0, contact=ANNA, is_ours=False),
        Writes(at=1, contact=ANNA, mid="m1", text="where is it", delays=(12,)),
        Edits(at=2, contact=ANNA, mid="m1", text="where is my order"),
    )


def test_a_message_that_is_being_fetched_is_waited_for() -> None:
    hung = Reading(number=3, seconds=8, is_unreadable=False)
    failed = (Reading(number=number) for number in (1, 2, 4, 5))
    assert not broken(
        Writes(at=0, contact=ANNA, mid="m1", text="hello", hint=0.1, delays=()),
        *(hung, *failed),
        Sending(number=1, arrives=1, answer="unconfirmed", echoes=()),
        cooldown=8,
        idle=5,
    )


def test_a_sender_that_crashed_may_have_lost_a_call_at_that_instant() -> None:
    assert not broken(
        Writes(at=16, contact=ANNA, mid="m1", text="are you open"),
        Writes(at=22, contact=ANNA, mid="m2", text="where is my order"),
        Sending(number=1, arrives=10.9, answer="broken", answers=10, echoes=(40,)),
        SenderCrashes(at=23.7),
        cooldown=8,
    )


def test_an_edit_that_a_dying_process_wrote_down_counts_though_nobody_heard_so() -> None:
    assert not broken(
        Operates(at=0, contact=ANNA, action="freeze"),
        Writes(at=1, contact=ANNA, mid="m1", text="where is my order"),
        Operates(at=10, contact=ANNA, action="edit", text="once"),
        Dies(at=19.9, after_commit=True),
        Operates(at=20, contact=ANNA, action="edit", text="twice"),
        Operates(at=30, contact=ANNA, action="release"),
    )


def test_a_hold_that_ran_out_is_none_by_the_time_of_the_next() -> None:
    assert not broken(
        Writes(at=0, contact=ANNA, mid="m1", text="what does it cost"),
        Generating(number=1, ends="handed over"),
        Writes(at=60, contact=ANNA, mid="m2", text="are you open"),
        Writes(at=60.1, contact=ANNA, mid="m3", text="thanks"),
        Generating(number=3, seconds=0.002, ends="handed over"),
        seed=11,
        takeover=45,
        step_cost=0.002,
    )


def test_a_reply_whose_forerunner_was_just_dropped_may_come_after_others() -> None:
    assert not broken(
        Writes(at=19, contact=ANNA, mid="m1", text="thanks"),
        Writes(at=26, contact=ANNA, mid="m2", text="hi"),
        Writes(at=27.5, contact=ANNA, mid="m3", text="where is my order"),
        Writes(at=74, contact=BEN, mid="m4", text="stop"),
        Operates(at=40, contact=ANNA, action="freeze"),
        Operates(at=112, contact=ANNA, action="release"),
        window=60,
    )


def test_a_reply_whose_forerunner_was_just_found_sent_may_come_after_others() -> None:
    four, five, six = (ContactKey(ANNA.account_id, f"p{number}") for number in (4, 5, 6))
    assert not broken(
        Writes(at=15.259, contact=CARA, mid="m3", text="are you open", kind="live_comment"),
        Writes(at=5.582, contact=CARA, mid="m4", text="what does it cost", delays=(0.1,)),
        Writes(at=1.6, contact=four, mid="m7", text="thanks", delays=(0.5,)),
        Writes(at=12.284, contact=four, mid="m9", text="thanks", delays=(12, 12)),
        Writes(at=22.212, contact=five, mid="m13", text="are you open", delays=(2,)),
        Writes(at=12.041, contact=five, mid="m14", text="thanks", hint=3, delays=()),
        Writes(at=13.01, contact=six, mid="m20", text="where is my order", delays=(12, 12.1)),
        Sending(number=2, answer="unconfirmed", answers=10, echoes=(40,), wait=2),
        seed=53016688686566,
        cooldown=8,
        per_second=1,
        couriers=6,
    )


def test_an_account_at_its_own_limit_lets_another_go_first() -> None:
    assert not broken(
        Writes(at=4.287, contact=ANNA, mid="m1", text="", type="image", delays=(0.1,)),
        Writes(at=2.508, contact=DAN, mid="m2", text="", type="image", delays=(0.5,)),
        Writes(at=2.315, contact=BEN, mid="m3", text="are you open", delays=(0.5,)),
        Writes(at=2.854, contact=EVE, mid="m4", text="where is my order", delays=(2,)),
        Writes(at=3.734, contact=CARA, mid="m5", text="hi"),
        seed=153259235992906,
        per_second=1,
        account_per_second=1,
        step_cost=0.02,
    )


def test_private_replies_may_take_an_hour_each() -> None:
    comments = (
        Writes(at=number, contact=ANNA, mid=f"m{number}", text=f"hi {number}", kind="comment")
        for number in range(1, 8)
    )
    assert not broken(*comments, private_replies_per_hour=1, cooldown=8)


def test_a_reply_keeps_the_place_of_what_was_unsent_while_it_was_made() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="where is my order"),
        Writes(at=2, contact=ANNA, mid="m2", text="are you open"),
        Writes(at=3, contact=ANNA, mid="m3", text="where is my order", kind="postback"),
        Generating(number=1, seconds=10),
        Unsends(at=8, contact=ANNA, mid="m1"),
    )


def test_a_reply_that_an_edit_kept_from_the_queue_comes_after_what_was_queued_beside_it() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="where is my order"),
        Writes(at=1.5, contact=ANNA, mid="m2", text="hi", kind="comment"),
        Edits(at=6.04, contact=ANNA, mid="m1", text="never mind"),
        seed=2,
        step_cost=0.02,
    )


def test_a_flush_may_be_lost_with_a_process_while_whose_death_the_clock_was_set_back() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="are you open"),
        Generating(number=1, seconds=20),
        Dies(at=8),
        ClockSteps(at=8.5, seconds=-2),
    )


def test_a_flush_after_a_death_may_even_be_dated_before_the_one_that_was_lost() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="are you open"),
        Generating(number=1, seconds=20),
        Dies(at=6.5, down=0.5),
        ClockSteps(at=6.6, seconds=-10),
        Writes(at=7.5, contact=ANNA, mid="m2", text="where is my order"),
    )


def handed_over(silencing: object) -> tuple[Broken, ...]:
    """Judge a world where the words that hand a talk over are claimed at 8.004, to go at 8.104."""
    return broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi", delays=(0.1,)),
        Writes(at=2, contact=BEN, mid="m2", text="thanks", delays=(0.1,)),
        Generating(number=1, seconds=1),
        Generating(number=2, seconds=0.3, ends="handed over"),
        silencing,
        account_per_second=1,
    )


def test_a_hand_over_that_was_claimed_may_still_go_to_somebody_who_opts_out() -> None:
    stop = Writes(at=8, contact=BEN, mid="m3", text="stop", delays=(0.05,))
    assert not handed_over(stop)


def test_a_hand_over_that_was_claimed_may_still_go_where_a_person_answers() -> None:
    answer = AnswersByHand(at=8, contact=BEN, mid="h1", text="I am here", delays=(0.05,))
    assert not handed_over(answer)


def test_a_hand_over_that_was_claimed_may_still_go_into_a_talk_that_is_closed() -> None:
    assert not handed_over(Operates(at=8.05, contact=BEN, action="close"))


def test_a_hand_over_that_was_claimed_may_still_go_into_a_thread_that_is_passed_on() -> None:
    passed = PassesThread(at=8, contact=BEN, is_ours=False, delays=(0.05,))
    assert not handed_over(passed)


def test_the_operator_who_has_a_part_go_again_has_those_after_it_go_too() -> None:
    assert not run(draw_plain_script(207667597917314)).broken


def test_a_message_that_brings_a_thread_back_counts_though_the_process_died_over_it() -> None:
    assert not broken(
        PassesThread(at=56.376, contact=ANNA, is_ours=False, delays=(0.5,)),
        PassesThread(at=76.376, contact=ANNA, is_ours=True, delays=(2,)),
        Writes(at=77.306, contact=ANNA, mid="m1", text="are you open", delays=(0.5,)),
        Dies(at=77.239, steps=13, after_commit=True, down=0.5),
        debounce=0.5,
        couriers=6,
    )


def test_what_failed_and_was_tried_again_and_taken_back_by_an_edit_ends_once() -> None:
    assert not run(draw_plain_script(260151307430025)).broken


def test_an_answer_that_turns_out_to_be_another_replys_is_taken_back() -> None:
    assert not run(draw_plain_script(254024473374733)).broken


def test_an_opt_out_that_is_written_after_a_claim_comes_too_late_for_it() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi", delays=(0.1,)),
        Writes(at=1, contact=BEN, mid="m2", text="hi", delays=(0.1,)),
        Writes(at=6.55, contact=ANNA, mid="m3", text="stop", delays=(0.01,)),
        seed=24,
        step_cost=0.05,
        shows_typing=True,
    )


def test_a_comment_tells_no_time_so_its_window_runs_from_when_it_came() -> None:
    assert not broken(
        Writes(at=1, contact=ANNA, mid="m1", text="hi", kind="comment", delays=(418,)), window=60
    )


def test_a_thread_taken_before_a_death_is_no_news_when_that_is_told_again() -> None:
    assert not broken(
        PassesThread(at=10.049, contact=ANNA, is_ours=False, delays=(0.5,)),
        PassesThread(at=13.049, contact=ANNA, is_ours=True, delays=(0.1,)),
        Writes(at=16.561, contact=ANNA, mid="m5", text="hi", delays=(2,)),
        Edits(at=22.561, contact=ANNA, mid="m5", text="never mind", delays=(0.5,)),
        Dies(at=7.181, steps=8, after_commit=True, down=15),
        seed=280896660601689,
    )


def test_what_was_written_under_another_apps_turn_pauses_nothing_once_that_is_over() -> None:
    assert not broken(
        PassesThread(at=30.973, contact=BEN, is_ours=False),
        PassesThread(at=33.973, contact=BEN, is_ours=True, delays=(2,)),
        AnswersByHand(at=23.912, contact=BEN, mid="h0", text="by hand h0", delays=(12,)),
        Dies(at=31.978, steps=3, after_commit=True, down=0),
        seed=80000000012162,
    )


def test_a_reply_that_an_edit_took_back_has_no_place_among_those_that_leave() -> None:
    assert not broken(
        Writes(at=49.503, contact=BEN, mid="m2", text="thanks", delays=(0.2, 1.2)),
        Writes(at=26.48, contact=BEN, mid="m3", text="where is my order", delays=(2,)),
        Writes(at=26.88, contact=BEN, mid="m4", text="where is my order", kind="comment"),
        Writes(at=3.51, contact=BEN, mid="m5", text="are you open", hint=0.1),
        Writes(
            at=3.91,
            contact=BEN,
            mid="m6",
            text="thanks",
            type="quick_reply",
            payload="yes",
            delays=(12, 12.1, 12),
        ),
        Edits(at=66.48, contact=BEN, mid="m3", text="stop", delays=(0.5,)),
        Unsends(at=53.503, contact=BEN, mid="m2", delays=(12,)),
        Operates(at=26.37, contact=BEN, action="show", text="operator 0", priority=Priority.LOW),
        Operates(at=26.677, contact=ANNA, action="freeze", text="by hand 0"),
        seed=100000000013483,
        combined=True,
    )


def test_last_words_that_were_claimed_before_the_bot_was_paused_need_no_approval() -> None:
    assert not run(draw_script(720001738)).broken
