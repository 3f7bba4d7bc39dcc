"""`kill -9`, and a new start on the same database."""

import pytest

from tests.process.service import eventually
from tests.process.test_process_journey import REPLY, posts, replies


def test_a_killed_server_leaves_no_worker_behind(moca):
    assert moca.worker()
    moca.kill()


@pytest.mark.parametrize("reached", ["storage/stored", "debounce/waiting"])
def test_a_kill_before_the_flush_costs_no_answer(beside, held, reached):
    beside.start()
    posts(beside, "m1")
    eventually(lambda: reached in beside.steps("m1"))
    beside.kill()

    beside.start()
    eventually(lambda: beside.outcome("m1") == "answered")
    assert held.sent("7") == [REPLY]
    assert replies(beside) == [(REPLY, "sent")]


@pytest.mark.parametrize("moment", ["holds_before", "holds_after"])
def test_a_kill_during_the_call_is_settled_by_instagram_s_record(beside, held, moment):
    beside.start()
    setattr(held, moment, True)
    mid = held.sandbox.write("7", "Hello")
    assert held.is_held.wait(15)
    beside.kill()
    held.release()

    beside.start()
    eventually(lambda: beside.outcome(mid) == "answered", seconds=30)
    assert held.sent("7") == [REPLY]


def test_kill_after_kill_while_many_are_answered_every_one_is_answered_once(beside, stand_in):
    beside.settings["sender.per_second"] = 6
    beside.start()
    mids = [stand_in.write(str(person), "Hello") for person in range(12)]
    for arrived in (0, 1, 4, 7):
        eventually(lambda arrived=arrived: stand_in.count() >= arrived)
        beside.kill()
        beside.start()
    eventually(lambda: all(beside.outcome(mid) == "answered" for mid in mids), seconds=30)

    assert {psid: len(sent) for psid, sent in stand_in.sent().items()} == dict.fromkeys(
        map(str, range(12)), 1
    )
    assert beside.get("/api/queue")["counts"]["sent"] == 12
