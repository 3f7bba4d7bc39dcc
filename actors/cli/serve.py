import errno
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
from actors.cli.errors import exit_with, refuse
from actors.cli.process import allow_connections, database_line, die_with, require_ownership
from moca.settings.sections import Settings

_STOP_SECONDS = 9
_BACKLOG = 4096
_HTTP1 = HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024)
"""Milliseconds after which a connection without a complete request head is closed."""
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def serve(settings: Settings) -> None:
    """Serve until a signal arrives, in two processes: the server, and the worker it monitors.

    The server imports nothing of the worker's, since both would then hold it in memory.
    """
    if settings.cluster.broker_url and settings.instagram.has_built_in_sandbox:
        hint = "start `python -m moca.instagram.sandbox` and set its address"
        refuse([f"instagram.graph_url: in sandbox mode, all nodes need the same sandbox; {hint}"])
    with require_ownership(settings.database.url):
        _serve(settings)


def _serve(settings: Settings) -> None:
    _fork_processes()
    database = database_line(settings.database.url)
    _prepare(settings)
    _require_free_port(settings)
    token = require_token(settings)
    for line in (*start_lines(settings, token), database):
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
    # A collection in the worker would write to, and so copy, every page shared with the server.
    gc.collect()
    gc.freeze()
    server.serve(
        target_loader=functools.partial(_work, settings, failed, os.getpid()), wrap_loader=False
    )
    if failed.is_set():
        sys.exit(1)


def _fork_processes() -> None:
    # From Python 3.14 on, another process would be the parent of the worker, and shared modules
    # would be loaded twice. Granian also starts its worker by the method that is set here.
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)


def _work(settings: Settings, failed: Event, server_pid: int) -> Any:
    from actors.cli.worker import start_worker  # noqa: PLC0415 - imported only in the worker

    return start_worker(settings, failed, server_pid)


def _prepare(settings: Settings) -> None:
    # Until the server has installed its own handlers, there is nothing to shut down.
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
    from actors.cli.startup import prepare  # noqa: PLC0415 - imported only when needed

    prepare(settings)


def _leave_signals_to_the_server() -> None:
    # Ctrl-C reaches the whole process group of a terminal: a worker that it ended first would be
    # restarted, and the server's own handlers would swallow signals while the worker starts.
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
            host, port = address
            if error.errno == errno.EADDRINUSE:
                exit_with(
                    1, f"Port {port} is already in use; choose another with MOCA_SERVER__PORT"
                )
            hint = "check MOCA_SERVER__HOST and MOCA_SERVER__PORT"
            exit_with(1, f"cannot listen on {host}:{port} ({error.strerror}); {hint}")
