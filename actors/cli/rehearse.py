import re
from datetime import timedelta
from pathlib import Path

import click
import peewee
from rich.console import Console
from rich.progress import Progress

from actors.cli.errors import ask_settings, exit_with
from actors.cli.startup import require_usable
from actors.replay.runner import ReplayPlan, rehearse
from moca import clock
from moca.core.bots.rehearsals import RehearsedDraft
from moca.core.replay_comparison import Rehearsal
from moca.logs import set_up_logs
from moca.rehearsal.page import rehearsal_page, write_for_the_owner
from moca.rehearsal.table import rehearsal_tables
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.queries.team.bots import find_bot


def _span(_context: click.Context, _option: click.Parameter, text: str) -> timedelta:
    try:
        return read_span(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("rehearse")
@click.option(
    "--since", default="7d", callback=_span, help="How far back to go, such as 12h or 7d."
)
@click.option("--config", "other", type=click.Path(path_type=Path), help="Settings file to try.")
@click.option("--bot", help="Try the draft of this bot, on the accounts that have it.")
@click.option("--account", help="With --bot: try it on this account only, whatever bot it has.")
@click.option("--with-model", is_flag=True, help="Call the language model (may cost money).")
@click.option(
    "--limit", type=click.IntRange(0, 10_000), default=50, help="Number of differences to show."
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the report as an HTML page.",
)
@click.pass_obj
def command(  # noqa: PLR0917 - one parameter per option
    settings: Settings,
    since: timedelta,
    other: Path | None,
    bot: str | None,
    account: str | None,
    with_model: bool,  # noqa: FBT001
    limit: int,
    html: Path | None,
) -> None:
    """Replay stored webhooks without sending anything.

    They run through the settings of --config, or through today's, and with the draft of --bot.
    """
    if html is not None and not html.parent.is_dir():
        exit_with(2, f"--html: {html.parent} is not a directory")
    if account is not None and bot is None:
        exit_with(2, "--account: needs --bot")
    now = clock.now()
    draft = None if bot is None else _draft(settings, bot, account or "")
    plan = ReplayPlan(since=now - since, now=now, with_model=with_model, most=limit, draft=draft)
    rehearsal = _rehearsed(settings, _other_settings(other) if other else settings, plan)
    console = Console()
    for each in rehearsal_tables(rehearsal):
        console.print(each)
    if html is not None:
        _write_page(html, rehearsal_page(rehearsal))


def _draft(settings: Settings, name: str, account_id: str) -> RehearsedDraft:
    try:
        with open_database(settings.database.url).connection_context():
            found = find_bot(name)
    except peewee.PeeweeException as error:
        exit_with(1, mask_passwords(f"database.url: {settings.database.url}: {error}".rstrip()))
    if found is None:
        exit_with(1, f"no bot named {name!r}; see them with: moca bot list")
    return RehearsedDraft(name, found.draft_revision, found.draft, account_id)


def _rehearsed(settings: Settings, others: Settings, plan: ReplayPlan) -> Rehearsal:
    set_up_logs("ERROR", settings.log.format)
    url = settings.database.url
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("rehearsing", total=1.0)
            return rehearse(url, others, plan, lambda share: progress.update(task, completed=share))
    except (peewee.PeeweeException, ValueError) as error:
        problem = f"database.url: {url} cannot be read; has Moca ever used this database? ({error})"
        exit_with(1, mask_passwords(problem.replace("\n", " ")))


def _write_page(path: Path, page: str) -> None:
    try:
        write_for_the_owner(path, page)
    except OSError as error:
        exit_with(1, f"--html: {path} cannot be written: {error.strerror}")


def _other_settings(config: Path) -> Settings:
    settings = ask_settings(config)
    require_usable(settings)
    return settings


_SPAN = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MAX_SPAN = timedelta(days=3660)


def read_span(text: str) -> timedelta:
    """Parse a duration such as "90m", "12h", "7d" or "2w".

    Raises:
        ValueError: If it is invalid, or longer than ten years.
    """
    found = _SPAN.fullmatch(text.strip())
    span = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not timedelta() < span <= _MAX_SPAN:
        raise ValueError(f"{text!r} is not a duration such as 90m, 12h, 7d or 2w")
    return span
