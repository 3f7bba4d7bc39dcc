from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import Progress, TaskID

from moca.storage.copy_database import Progress as Report


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Show a progress bar for each kind of work that is reported; 0 in all is not shown."""
    with Progress() as progress:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, of_all: int) -> None:
            if not of_all:
                return
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=of_all)
            progress.update(tasks[what], completed=done, total=of_all)

        yield report
