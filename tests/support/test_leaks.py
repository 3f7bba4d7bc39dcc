import threading

import pytest

from actors.runtime.dispatchers import SteppingDispatcher
from tests.actors.recording_actor import RecordingActor
from tests.support.leaks import left_behind, live_actors


def test_a_thread_that_is_still_running_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.leaks.PATIENCE_SECONDS", 0.01)
    before, gate = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=gate.wait, name="forgotten")
    thread.start()
    left = left_behind(before, [])
    gate.set()
    thread.join()
    assert left == ["thread forgotten"]
    assert left_behind(before, []) == []


def test_an_actor_that_is_still_alive_is_named() -> None:
    ref = RecordingActor.start_on(SteppingDispatcher(), [])
    actor = ref._actor_weakref()
    assert actor is not None
    left = live_actors([actor])
    ref.stop()
    assert left == [f"actor {ref}"]
    assert live_actors([actor]) == []
