"""Moca on the command line: `python run.py` serves, `python run.py --help` says what else."""

import ctypes
import functools
import gc
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
from datetime import timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, NoReturn

import click
import peewee
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from actors.application import start_application
from actors.doctor import call_doctor
from actors.policies import conversation_policy
from actors.rehearsal import Programme, rehearse
from actors.simulation import plan_crowd, watch_crowd
from moca import clock
from moca.core.account import WrongKey
from moca.core.rehearsal import Rehearsal
from moca.crowd import NoSandbox
from moca.logs import set_up_logs
from moca.rehearsal.page import rehearsal_page, write_for_the_owner
from moca.rehearsal.span import read_span
from moca.rehearsal.table import rehearsal_tables
from moca.replies.problems import BadGenerator
from moca.replies.registry import make_generator
from moca.settings import BadSettings, Settings, read_settings
from moca.settings.showing import mask_passwords, shown_settings
from moca.storage.book import require_key
from moca.storage.database import migrate, open_database
from moca.storage.moving import NotTheSame, move
from moca.storage.reads.journeys import read_journey
from moca.storage.vault import Vault
from moca.web.doorway import Doorway
from moca.web.waiting import outcome_of

_DEFAULT_CONFIG = Path(__file__).parent / "config" / "moca.toml"
_STOP_SECONDS = 9
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_PR_SET_PDEATHSIG = 1


def _span(_context: click.Context, _option: click.Parameter, text: str) -> timedelta:
    try:
        return read_span(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.group(invoke_without_command=True)
@click.option(
    "--config", type=click.Path(path_type=Path), envvar="MOCA_CONFIG", help="A TOML file."
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Answer Instagram direct messages. Without a command: serve."""
    context.obj = _settings_of(config or _DEFAULT_CONFIG)
    if context.invoked_subcommand is None:
        _serve(context.obj)


@main.command("settings")
@click.pass_obj
def show_settings(settings: Settings) -> None:
    """Show the settings in force, secrets masked."""
    table = Table("setting", "value", "default, where it differs")
    for name, value, default in shown_settings(settings):
        table.add_row(name, value, "" if value == default else default or "(empty)")
    Console().print(table)


@main.command("journey")
@click.argument("mid")
@click.pass_obj
def tell_journey(settings: Settings, mid: str) -> None:
    """Tell what happened to the message MID, and why."""
    _prepare_database(settings)
    with open_database(settings.database.url).connection_context():
        journey = read_journey(mid)
    if journey is None:
        _complain(1, f"no message has the id {mid}")
    table = Table("at (UTC)", "stage", "outcome", "detail")
    for step in journey.steps:
        table.add_row(f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3], step.stage, step.outcome, step.detail)
    console = Console()
    console.print(table)
    outcome = outcome_of(journey)
    console.print(f"outcome: {outcome or 'still open'}")


@main.command("doctor")
@click.pass_obj
def see_doctor(settings: Settings) -> None:
    """Look whether everything is as it should be; say what to do where it is not."""
    table = Table("", "what", "how it is, or the one thing to do")
    lines = list(call_doctor(settings))
    for line in lines:
        table.add_row("fine" if line.is_fine else "DO", line.name, line.told)
    Console().print(table)
    sys.exit(0 if all(line.is_fine for line in lines) else 1)


@main.command("rehearse")
@click.option("--since", default="7d", callback=_span, help="How far back, such as 12h or 7d.")
@click.option("--config", "other", type=click.Path(path_type=Path), help="Other settings to try.")
@click.option("--with-model", is_flag=True, help="Ask the language model, which may cost money.")
@click.option("--limit", type=click.IntRange(0, 10_000), default=50, help="Differences to show.")
@click.option(
    "--html", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Write a page."
)
@click.pass_obj
def show_rehearsal(  # noqa: PLR0917 - click hands over what the options say
    settings: Settings,
    since: timedelta,
    other: Path | None,
    with_model: bool,  # noqa: FBT001
    limit: int,
    html: Path | None,
) -> None:
    """Replay what came as if today's settings, or others, had been in force; send nothing."""
    if html is not None and not html.parent.is_dir():
        _complain(2, f"--html: {html.parent} is no directory")
    now = clock.now()
    programme = Programme(since=now - since, now=now, with_model=with_model, most=limit)
    rehearsal = _rehearsed(settings, _settings_of(other) if other else settings, programme)
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
        _complain(1, mask_passwords(problem.replace("\n", " ")))


def _write_page(path: Path, page: str) -> None:
    try:
        write_for_the_owner(path, page)
    except OSError as error:
        _complain(1, f"--html: {path} cannot be written: {error.strerror}")


def _settings_of(config: Path) -> Settings:
    try:
        settings = read_settings(config, os.environ)
        conversation_policy(settings)
        make_generator(settings.replies.chain, settings.replies.tables)
    except (BadSettings, BadGenerator) as error:
        _complain(2, *(f"settings: {problem}" for problem in error.problems))
    return settings


@main.command("simulate")
@click.option("--contacts", type=click.IntRange(1, 1000), default=100, show_default=True)
@click.option("--per-second", type=click.IntRange(1, 200), default=5, show_default=True)
@click.option("--minutes", type=click.FloatRange(0, 60, min_open=True), default=1.0)
@click.option("--patience", type=click.IntRange(0, 7200), help="Seconds to wait for answers.")
@click.option("--token", default="", help="Of the running Moca, if web.api_token is not set.")
@click.pass_obj
def let_a_crowd_write(settings: Settings, **wishes: Any) -> None:
    """Let many fake people write to a running sandbox; tell what became of it."""
    try:
        tally = watch_crowd(plan_crowd(settings, **wishes))
    except NoSandbox as error:
        _complain(1, f"simulate: {error}")
    except ValueError as error:
        _complain(2, f"simulate: {error}")
    sys.exit(0 if tally.is_fine else 1)


def _opened(url: str) -> peewee.Database:
    try:
        database = open_database(url)
        migrate(database)
    except (peewee.PeeweeException, ValueError, OSError) as error:
        _complain(1, mask_passwords(f"--to: {url} cannot be used: {error}".rstrip()))
    return database


@main.command("migrate")
@click.option("--to", "url", required=True, help="Where to: postgresql://user@host/name.")
@click.pass_obj
def move_database(settings: Settings, url: str) -> None:
    """Copy all that the database holds into another, and compare; Moca must be stopped."""
    _prepare_database(settings)
    source, target = open_database(settings.database.url), _opened(url)
    with Progress() as progress, source.connection_context(), target.connection_context():
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, rows: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=rows)
            progress.update(tasks[what], completed=done, total=rows)

        try:
            move(source, target, tell)
        except NotTheSame as error:
            _complain(1, f"migrate: {error}; give it an empty database, and stop Moca")
        except peewee.PeeweeException as error:
            _complain(
                1, mask_passwords(f"migrate: {error}; call it again, it goes on where it stood")
            )
    click.echo("Everything is there and the same. Set database.url to it, and start Moca.")


def _serve(settings: Settings) -> None:
    if settings.cluster.broker_url and settings.instagram.has_built_in_sandbox:
        hint = "start `python -m moca.instagram.sandbox` and name its address"
        _complain(2, f"settings: instagram.graph_url: several nodes need one Instagram; {hint}")
    settings = _with_api_token(settings)
    set_up_logs(settings.log.level, settings.log.format)
    _prepare_database(settings)
    _require_free_port(settings)
    token = settings.web.api_token.get_secret_value()
    link = f"{settings.server.own_address}/?token={token}"
    click.echo(f"Moca ({settings.instagram.mode}) — open {link}")
    failed = multiprocessing.Event()
    os.register_at_fork(
        before=functools.partial(signal.pthread_sigmask, signal.SIG_BLOCK, _STOPPING),
        after_in_parent=functools.partial(signal.pthread_sigmask, signal.SIG_UNBLOCK, _STOPPING),
        after_in_child=_leave_signals_to_the_server,
    )
    server = Granian(
        "moca",
        address=settings.server.host,
        port=settings.server.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        workers=1,
        backpressure=settings.server.threads * 4,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    )
    # A collection in the worker would write to, and so copy, every page that it shares with us.
    gc.collect()
    gc.freeze()
    server.serve(
        target_loader=functools.partial(_start_worker, settings, failed, os.getpid()),
        wrap_loader=False,
    )
    if failed.is_set():
        sys.exit(1)


def _start_worker(settings: Settings, failed: Event, server_pid: int) -> Doorway:
    _die_with(server_pid)
    set_up_logs(settings.log.level, settings.log.format)

    def stop_for_good(_error: BaseException) -> None:
        failed.set()
        os.kill(server_pid, signal.SIGTERM)

    application = start_application(settings, stop_for_good)
    # What stands for good need not be looked through each time rubbish is collected.
    gc.collect()
    gc.freeze()

    def stop_after_the_server() -> None:
        threading.main_thread().join()
        application.stop()

    threading.Thread(target=stop_after_the_server, name="stop", daemon=False).start()
    return application.asgi


def _leave_signals_to_the_server() -> None:
    # A worker that Ctrl-C, which reaches a terminal's whole group, ended first would be begun anew;
    # and the server's own handlers would swallow what comes while the worker is being built.
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


def _die_with(server_pid: int) -> None:
    # A killed server must not leave a worker behind that sends on while the next one starts.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server_pid:
        os._exit(1)


def _with_api_token(settings: Settings) -> Settings:
    if settings.web.api_token:
        return settings
    made = SecretStr(secrets.token_urlsafe(24))
    web = settings.web.model_copy(update={"api_token": made})
    return settings.model_copy(update={"web": web})


def _prepare_database(settings: Settings) -> None:
    try:
        database = open_database(settings.database.url)
        migrate(database)
        _require_key(settings, database)
    except WrongKey as error:
        _complain(1, str(error))
    except (peewee.PeeweeException, ValueError, OSError) as error:
        problem = f"database.url: {settings.database.url} cannot be used: {error}"
        _complain(1, mask_passwords(problem.rstrip()))
    database.close()


def _require_key(settings: Settings, database: peewee.Database) -> None:
    key = settings.instagram.token_key.get_secret_value()
    with database.connection_context():
        require_key(Vault(key, settings.database.url))


def _require_free_port(settings: Settings) -> None:
    address = (settings.server.host, settings.server.port)
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            hint = "choose another with MOCA_SERVER__PORT or MOCA_SERVER__HOST"
            _complain(1, f"{address[0]}:{address[1]} cannot be listened at ({error}); {hint}")


def _complain(status: int, *lines: str) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
