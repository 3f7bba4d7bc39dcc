import os
from pathlib import Path

from jinja2 import Environment, PackageLoader

from moca.core.replay_comparison import Rehearsal
from moca.rehearsal.phrases import TOTALS, notes, said, sent

_PAGES = Environment(
    loader=PackageLoader("moca.rehearsal"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def rehearsal_page(rehearsal: Rehearsal) -> str:
    """Render a rehearsal as a self-contained page: no script, no other file."""
    return _PAGES.get_template("rehearsal.html").render(
        rehearsal=rehearsal, totals=TOTALS, notes=notes(rehearsal), said=said, sent=sent
    )


def write_for_the_owner(path: Path, page: str) -> None:
    """Write a page with contacts' messages to a file that only its owner can read.

    Raises:
        OSError: If it cannot be written.
    """
    # Written to a new file first, so that an older file's permissions are not kept.
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    made = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(made, "w", encoding="utf-8") as file:
        file.write(page)
    beside.replace(path)
