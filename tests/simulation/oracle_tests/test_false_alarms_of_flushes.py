"""Flushes without a reply, after which nothing is wrong, though the simulation once said so."""

from tests.simulation.oracle_tests.test_false_alarms import ANNA, BEN, broken
from tests.simulation.worlds.script import DiskFails, Generating, Operates, Unsends, Writes


def test_a_tap_that_is_unsent_at_once_begins_a_cooldown() -> None:
    assert not broken(
        Writes(at=59.064, contact=ANNA, mid="m4", text="what does it cost", delays=(0.1,)),
        Writes(
            at=62.664,
            contact=BEN,
            mid="m19",
            text="a",
            type="quick_reply",
            payload="yes",
            delays=(0.5,),
        ),
        Writes(at=64.214, contact=BEN, mid="m21", text="", type="image", delays=(12, 13)),
        Unsends(at=62.964, contact=BEN, mid="m19", delays=(0.2, 0.3, 0.2)),
        seed=60001846,
        batches=True,
        couriers=6,
    )


def test_a_cooldown_without_a_reply_may_be_forgotten_in_an_outage() -> None:
    assert not broken(
        Writes(at=16.179, contact=ANNA, mid="m9", text="hello?", kind="postback", delays=(2,)),
        Writes(at=19.229, contact=ANNA, mid="m12", text="hello?", delays=(0.5,)),
        Writes(at=58.949, contact=ANNA, mid="m14", text="hi", delays=(0.1,)),
        Generating(number=2, seconds=2, ends="declined"),
        DiskFails(at=25.835, seconds=25),
    )


def test_a_push_goes_to_whom_a_conversation_belonged_between_two_commands_of_one_commit() -> None:
    assert not broken(
        Writes(at=1.828, contact=ANNA, mid="m1", text="", type="hologram", delays=(2,)),
        Operates(at=7.351, contact=ANNA, action="draft", text="draft 1"),
        DiskFails(at=7.602, seconds=25),
        Operates(at=9.626, contact=ANNA, action="assign", text="to 4"),
        Operates(at=26.39, contact=ANNA, action="assign", text="to 0"),
        seed=830007006,
        pushes=True,
    )
