import gc
import threading
import weakref
from collections.abc import Iterator

import freezegun
import pytest

from actors.runtime.actor import MailboxActor
from tests.support.leaks import left_behind
from tests.support.per_test_costs import compare_modules_by_size, share_compiled_code

# Deadlines of asks, joins and the timer thread, and pytest's own durations, run on the real
# monotonic clock; datetime.now is frozen all the same.
freezegun.configure(
    extend_ignore_list=[
        *("pykka", "actors", "_pytest.timing"),
        # None of these reads a clock that matters; each freeze looks through every other module.
        *("hypothesis", "pygments", "rich", "schemathesis"),
    ]
)


def pytest_collection_finish() -> None:
    """Exclude the objects of thousands of collected tests from garbage collection."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _cheap_tests() -> Iterator[None]:
    """Spare each test what libraries would do for it anew."""
    with pytest.MonkeyPatch.context() as patch:
        share_compiled_code(patch)
        compare_modules_by_size(patch)
        yield


@pytest.fixture
def among_multitudes() -> Iterator[None]:
    """Pause garbage collection, which would walk a test's many objects again and again."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _leak_detector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a thread or a live actor behind."""
    started: weakref.WeakSet[MailboxActor] = weakref.WeakSet()
    begin = MailboxActor._start_actor_loop

    def remember(actor: MailboxActor) -> None:
        started.add(actor)
        begin(actor)

    monkeypatch.setattr(MailboxActor, "_start_actor_loop", remember)
    before = set(threading.enumerate())
    yield
    left = left_behind(before, started)
    assert left == [], f"left behind: {left}"
