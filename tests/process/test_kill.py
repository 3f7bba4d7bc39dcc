"""`kill -9`, and a new start on the same database."""

import random
import sys

import pytest

from tests.process.instagram import HeldInstagram, InstagramProcess
from tests.process.kill_traffic import onslaught
from tests.process.service import Service, eventually
from tests.process.test_journey import REPLY, posts, replies


def test_a_killed_server_leaves_no_worker_behind(moca: Service) -> None:
    assert moca.worker()
    moca.kill()


@pytest.mark.parametrize("reached", ["storage/stored", "debounce/waiting"])
def test_a_kill_before_the_flush_costs_no_answer(
    beside: Service, held: HeldInstagram, reached: str
) -> None:
    beside.start()
    posts(beside, "m1")
    eventually(lambda: reached in beside.steps("m1"))
    beside.kill()

    beside.start()
    eventually(lambda: beside.outcome("m1") == "answered")
    assert held.sent("7") == [REPLY]
    assert replies(beside) == [(REPLY, "sent")]


@pytest.mark.parametrize("moment", ["holds_before", "holds_after"])
def test_a_kill_during_the_call_is_settled_by_instagram_s_record(
    beside: Service, held: HeldInstagram, moment: str
) -> None:
    beside.start()
    setattr(held, moment, True)
    mid = held.sandbox.write("7", "Hello")
    assert held.is_held.wait(15)
    beside.kill()
    held.release()

    beside.start()
    eventually(lambda: beside.outcome(mid) == "answered", seconds=30)
    assert held.sent("7") == [REPLY]


@pytest.mark.timeout(1200)  # More than the deadlines of its starts and of its drain together.
def test_twenty_kills_at_random_moments_lose_nothing_and_answer_nobody_twice(
    beside: Service, stand_in: InstagramProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(10_000)
    beside.settings["sender.per_second"] = 30
    outcome = onslaught(beside, stand_in, kills=20, seed=seed, longest_run=0.8)

    with capsys.disabled():
        acked, lost, twice = len(outcome.acknowledged), len(outcome.lost), len(outcome.twice)
        sys.stdout.write(
            f" seed {seed}: {outcome.kills} kills, {acked} acked, {lost} lost, {twice} twice "
        )
    assert (outcome.lost, outcome.twice) == ([], [])
    assert len(outcome.acknowledged) > outcome.kills
    assert set(outcome.replies) == outcome.acknowledged
