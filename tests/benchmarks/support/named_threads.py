"""Runs Moca with its threads' names in `/proc`: `python -m tests.benchmarks.support.named_threads`.

Python itself tells the operating system no names before 3.14.
"""

import threading
from pathlib import Path

from actors.cli.main import main

MAX_NAME_BYTES = 15

_run = threading.Thread.run


def _run_named(self: threading.Thread) -> None:
    comm = Path(f"/proc/self/task/{threading.get_native_id()}/comm")
    comm.write_text(self.name[:MAX_NAME_BYTES])
    _run(self)


if __name__ == "__main__":
    threading.Thread.run = _run_named  # type: ignore[method-assign]
    main()
