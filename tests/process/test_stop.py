"""An orderly stop, whatever its cause."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from signal import Signals
from typing import Any

import pytest

from tests.process.conftest import OURS
from tests.process.instagram import HeldInstagram, InstagramProcess
from tests.process.service import BRISK, Service, eventually, processes_of
from tests.process.test_journey import posts

# From Python 3.14 on, Linux no longer forks by default; Moca's two processes still do.
DEFAULT_START_METHOD = """
import multiprocessing.context as context
context._default_context._default_context = context._concrete_contexts["{method}"]
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(moca: Service, number: Signals) -> None:
    posts(moca, "m1")
    assert moca.stop(number) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_of_its_processes_at_once_stops_it_in_order(
    moca: Service, number: Signals
) -> None:
    posts(moca, "m1")
    for pid in (moca.worker(), moca.process.pid):
        os.kill(pid, number)
    assert moca.ended() == 0


def test_control_c_in_the_terminal_stops_it_in_order(moca: Service) -> None:
    os.killpg(moca.process.pid, signal.SIGINT)
    assert moca.ended() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_is_still_starting_stops_it_too(beside: Service, number: Signals) -> None:
    beside.begin()
    beside.worker()
    assert beside.stop(number) == 0


def test_it_stops_while_many_wait_for_their_reply_and_answers_them_after_the_next_start(
    beside: Service, stand_in: InstagramProcess
) -> None:
    beside.start()
    mids = [stand_in.write(str(person), "Hello") for person in range(7)]
    eventually(lambda: stand_in.count() >= 2)
    assert beside.stop() == 0

    beside.start()
    eventually(lambda: all(beside.outcome(mid) == "answered" for mid in mids))
    assert {psid: len(sent) for psid, sent in stand_in.sent().items()} == dict.fromkeys(
        map(str, range(7)), 1
    )


def test_it_stops_in_time_while_a_call_hangs_and_the_reply_still_comes_once(
    beside: Service, held: HeldInstagram
) -> None:
    beside.start()
    held.holds_after = True
    mid = held.sandbox.write("7", "Hello")
    assert held.is_held.wait(15)
    assert beside.stop() == 0
    held.release()

    beside.start()
    eventually(lambda: beside.outcome(mid) == "answered")
    assert len(held.sent("7")) == 1


def test_when_the_worker_dies_another_takes_its_place(moca: Service) -> None:
    posts(moca, "m1")
    first = moca.worker()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: first not in processes_of(moca.process.pid))
    eventually(moca.answers)
    eventually(lambda: moca.outcome("m1") == "answered")
    assert moca.stop() == 0


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_it_serves_and_stops_whatever_pythons_default_start_method_is(
    make: Callable[[dict[str, Any]], Service], tmp_path: Path, method: str
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(DEFAULT_START_METHOD.format(method=method))
    service = make(BRISK | OURS)
    service.environment["PYTHONPATH"] = str(site)
    service.start()
    posts(service, "m1")
    eventually(lambda: service.outcome("m1") == "answered")
    assert service.stop() == 0
