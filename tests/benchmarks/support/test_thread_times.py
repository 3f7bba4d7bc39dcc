import os
import threading
from pathlib import Path

from tests.benchmarks.support.thread_times import cpu_seconds_by_part


def test_a_thread_counts_by_the_name_that_it_has_in_proc() -> None:
    done = threading.Event()
    named = threading.Event()

    def write() -> None:
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("persistence-0")
        named.set()
        done.wait()

    thread = threading.Thread(target=write)
    thread.start()
    named.wait()
    # As if a process whose worker this one is had started it.
    parts = cpu_seconds_by_part([os.getppid(), os.getpid()])
    done.set()
    thread.join()
    assert {"event loop", "writer"} <= parts.keys()
