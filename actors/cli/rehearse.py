from datetime import timedelta
from pathlib import Path

import click
import peewee
from rich.console import Console
from rich.progress import Progress

from actors.cli.errors import ask_settings, complain
from actors.cli.startup import require_usable
from actors.replay.runner import Programme, rehearse
from moca import clock
from moca.core.replay_comparison import Rehearsal
from moca.logs import set_up_logs
from moca.rehearsal.page import rehearsal_page, write_for_the_owner
from moca.rehearsal.span import read_span
from moca.rehearsal.table import rehearsal_tables
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings


def _span(_context: click.Context, _option: click.Parameter, text: str) -> timedelta:
    try:
        return read_span(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("rehearse")
@click.option("--since", default="7d", callback=_span, help="How far back, such as 12h or 7d.")
@click.option("--config", "other", type=click.Path(path_type=Path), help="Other settings to try.")
@click.option("--with-model", is_flag=True, help="Ask the language model, which may cost money.")
@click.option("--limit", type=click.IntRange(0, 10_000), default=50, help="Differences to show.")
@click.option(
    "--html", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write a page."
)
@click.pass_obj
def command(  # noqa: PLR0917 - click hands over what the options say
    settings: Settings,
    since: timedelta,
    other: Path | None,
    with_model: bool,  # noqa: FBT001
    limit: int,
    html: Path | None,
) -> None:
    """Replay what came as if today's settings, or others, had been in force; send nothing."""
    if html is not None and not html.parent.is_dir():
        complain(2, f"--html: {html.parent} is no directory")
    now = clock.now()
    programme = Programme(since=now - since, now=now, with_model=with_model, most=limit)
    rehearsal = _rehearsed(settings, _asked(other) if other else settings, programme)
    console = Console()
    for each in rehearsal_tables(rehearsal):
        console.print(each)
    if html is not None:
        _write_page(html, rehearsal_page(rehearsal))


def _rehearsed(settings: Settings, others: Settings, programme: Programme) -> Rehearsal:
    set_up_logs("ERROR", settings.log.format)
    url = settings.database.url
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("rehearsing", total=1.0)
            return rehearse(
                url, others, programme, lambda share: progress.update(task, completed=share)
            )
    except (peewee.PeeweeException, ValueError) as error:
        problem = f"database.url: {url} cannot be read; has this Moca ever run on it? ({error})"
        complain(1, mask_passwords(problem.replace("\n", " ")))


def _write_page(path: Path, page: str) -> None:
    try:
        write_for_the_owner(path, page)
    except OSError as error:
        complain(1, f"--html: {path} cannot be written: {error.strerror}")


def _asked(config: Path) -> Settings:
    settings = ask_settings(config)
    require_usable(settings)
    return settings
