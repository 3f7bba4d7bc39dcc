"""A draft is rehearsed in a process of its own, one at a time, with progress, and cancelled."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actors.replay import jobs as module
from actors.replay.jobs import RehearsalJobs
from moca.core.bots.rehearsals import RehearsalPeriod, RehearsalState, RehearsedDraft
from moca.core.replay_comparison import ReplayVerdict
from tests.rehearsal.history import recorded_messages, settings

PRICES = """[replies]
generator = "rules"

[[rule]]
name = "price"
topic = "prices"
keywords = ["price"]
answers = "20 €"
"""


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[RehearsalJobs]:
    jobs = RehearsalJobs(settings(database={"url": f"sqlite:///{tmp_path}/moca.db"}))
    yield jobs
    jobs.close()


def start(jobs: RehearsalJobs, document: str = PRICES) -> bool:
    return jobs.start(RehearsedDraft("shop", 3, document), RehearsalPeriod.DAY)


def ended(jobs: RehearsalJobs) -> RehearsalState:
    """Return the rehearsal once its process has ended."""
    for thread in threading.enumerate():
        if thread.name == "rehearsal":
            thread.join()
    state = jobs.state("shop")
    assert state is not None
    assert not state.is_running
    return state


def test_a_draft_answers_again_and_tells_rule_and_topic_for_an_hour(
    tmp_path: Path, jobs: RehearsalJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded_messages(tmp_path, datetime.now(UTC) - timedelta(hours=3)) as history:
        history.receive("what is the price?", "m1")
        history.advance(60)
        history.receive("hello", "m2")
        history.advance(60)
    assert start(jobs)
    assert not start(jobs)
    state = ended(jobs)

    assert (state.problem, state.share) == ("", 1.0)
    assert state.result is not None
    assert state.result.counts[ReplayVerdict.CHANGED] == 1
    changed, silent = state.result.differences
    assert (changed.now.said, changed.now.rule, changed.now.topic) == ("20 €", "price", "prices")
    assert (silent.message.text, silent.now.is_answered) == ("hello", False)
    assert jobs.state("other") is None
    monkeypatch.setattr(module, "KEPT_FOR", timedelta(seconds=-1))
    assert jobs.state("shop") is None


def test_a_rehearsal_is_cancelled_and_another_one_begins(jobs: RehearsalJobs) -> None:
    assert start(jobs)
    jobs.cancel("other")
    jobs.cancel("shop")
    state = jobs.state("shop")
    assert state is not None
    assert (state.problem, state.result, state.is_running) == ("Cancelled.", None, False)
    assert start(jobs)
    assert ended(jobs).problem.startswith("The rehearsal failed: ")


def test_a_process_that_ends_early_is_told(
    jobs: RehearsalJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMAND", "raise SystemExit(3)")
    start(jobs)
    assert ended(jobs).problem.startswith("The rehearsal ended early.")


def test_a_folder_that_looks_like_moca_is_not_run(
    jobs: RehearsalJobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "actors").mkdir()
    (tmp_path / "actors" / "__init__.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    start(jobs)
    assert ended(jobs).problem.startswith("The rehearsal failed: ")
