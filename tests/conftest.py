import gc
import threading
import weakref

import freezegun
import pytest

from actors.runtime.actor import MailboxActor
from tests.support.leaks import left_behind

# Deadlines of asks, joins and the timer thread, and pytest's own durations, run on the real
# monotonic clock; datetime.now is frozen all the same.
freezegun.configure(extend_ignore_list=["pykka", "actors", "_pytest.timing"])


def pytest_collection_finish():
    """Keep what thousands of collected tests hold out of the garbage collector's sight."""
    gc.freeze()


@pytest.fixture
def among_multitudes():
    """Let the garbage collector rest: it would look at a test's many objects again and again."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def _leak_detector(monkeypatch):
    """Fail a test that leaves a thread or a live actor behind."""
    started = weakref.WeakSet()
    begin = MailboxActor._start_actor_loop

    def remember(actor):
        started.add(actor)
        begin(actor)

    monkeypatch.setattr(MailboxActor, "_start_actor_loop", remember)
    before = set(threading.enumerate())
    yield
    left = left_behind(before, started)
    assert left == [], f"left behind: {left}"
