import functools
import gc
import multiprocessing
import os
import signal
import socket
import sys
from multiprocessing.synchronize import Event
from typing import Any

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from actors.cli.api_token import require_token, start_lines
from actors.cli.errors import complain, refuse
from actors.cli.open_files import allow_connections
from actors.cli.ownership import require_ownership
from actors.cli.process import die_with
from moca.settings.sections import Settings

_STOP_SECONDS = 9
_BACKLOG = 4096
_HTTP1 = HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024)
"""A connection ends on which no request's head has come for so many milliseconds."""
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def serve(settings: Settings) -> None:
    """Serve until a signal comes, in two processes: the server, and the worker that it minds.

    The server imports nothing of what the worker does, for both would hold it in memory.
    """
    if settings.cluster.broker_url and settings.instagram.has_built_in_sandbox:
        hint = "start `python -m moca.instagram.sandbox` and name its address"
        refuse([f"instagram.graph_url: several nodes need one Instagram; {hint}"])
    with require_ownership(settings.database.url):
        _serve(settings)


def _serve(settings: Settings) -> None:
    _fork_processes()
    _prepare(settings)
    _require_free_port(settings)
    token = require_token(settings)
    for line in start_lines(settings, token):
        click.echo(line)
    web = settings.web.model_copy(update={"api_token": token.value})
    settings = settings.model_copy(update={"web": web})
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
        backlog=_BACKLOG,
        backpressure=allow_connections(),
        http1_settings=_HTTP1,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    )
    # A collection in the worker would write to, and so copy, every page that it shares with us.
    gc.collect()
    gc.freeze()
    server.serve(
        target_loader=functools.partial(_work, settings, failed, os.getpid()), wrap_loader=False
    )
    if failed.is_set():
        sys.exit(1)


def _fork_processes() -> None:
    # From Python 3.14 on another process would be the parent of ours, and what is shared would be
    # loaded twice. Granian, too, starts its worker by the method that is set here.
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)


def _work(settings: Settings, failed: Event, server_pid: int) -> Any:
    from actors.cli.worker import start_worker  # noqa: PLC0415 - only where it is to work

    return start_worker(settings, failed, server_pid)


def _prepare(settings: Settings) -> None:
    # Until the server has handlers of its own, there is nothing to bring to an end.
    for each in _STOPPING:
        signal.signal(each, lambda _number, _frame: sys.exit(0))
    arguments = (settings, os.getpid())
    preparing = multiprocessing.Process(target=_prepare_here, args=arguments, daemon=True)
    preparing.start()
    preparing.join()
    if preparing.exitcode:
        sys.exit(max(1, preparing.exitcode))


def _prepare_here(settings: Settings, server_pid: int) -> None:
    for each in _STOPPING:
        signal.signal(each, signal.SIG_DFL)
    die_with(server_pid)
    from actors.cli.startup import prepare  # noqa: PLC0415 - only where it is to be done

    prepare(settings)


def _leave_signals_to_the_server() -> None:
    # A worker that Ctrl-C, which reaches a terminal's whole group, ended first would be begun anew;
    # and the server's own handlers would swallow what comes while the worker is being built.
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


def _require_free_port(settings: Settings) -> None:
    address = (settings.server.host, settings.server.port)
    family = socket.AF_INET6 if ":" in settings.server.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            hint = "choose another with MOCA_SERVER__PORT or MOCA_SERVER__HOST"
            complain(1, f"{address[0]}:{address[1]} cannot be listened at ({error}); {hint}")
